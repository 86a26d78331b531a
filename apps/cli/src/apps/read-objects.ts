import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from '@sampan/api';
import { messageOf, SampanError } from '@sampan/base';
import { parseAllDocuments } from 'yaml';

const FILES = /\.(ya?ml|json)$/;
/** A YAML bomb ends here. */
const MOST_ALIASES = 500;

/** The objects of a file, of all YAML and JSON files of a folder, or of standard input (`-`). Throws `manifest-invalid`. */
export function readObjects(source: string): KubeObject[] {
  return filesOf(source).flatMap((file) =>
    parseObjects(file === '-' ? readFileSync(0, 'utf8') : read(file), file),
  );
}

function filesOf(source: string): string[] {
  if (source === '-' || !statSync(source, { throwIfNoEntry: false })?.isDirectory()) return [source];
  const names = readdirSync(source).filter((name) => FILES.test(name));
  if (names.length > 0) return names.sort().map((name) => join(source, name));
  throw invalid(source, 'the folder has no files that end in .yaml, .yml or .json');
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw invalid(file, isMissing ? 'there is no such file or folder' : messageOf(error), error);
  }
}

/** Documents of YAML, of which JSON is a part; lists are taken apart. */
export function parseObjects(text: string, from: string): KubeObject[] {
  const values = [parseAllDocuments(text, { logLevel: 'error' })].flat().flatMap((document): unknown[] => {
    const [problem] = document.errors;
    if (problem) throw invalid(from, problem.message.replaceAll(/:\n[\s\S]*/g, ''));
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
    if (value === null || value === undefined) return [];
    const { kind, items } = value as { kind?: unknown; items?: unknown };
    return kind === 'List' && Array.isArray(items) ? items : [value];
  });
  return values.map((value) => checked(value, from));
}

function checked(value: unknown, from: string): KubeObject {
  const { apiVersion, kind, metadata } = (value ?? {}) as Partial<KubeObject>;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') {
    throw invalid(from, 'an object has no "apiVersion" and "kind"');
  }
  if (typeof metadata?.name !== 'string')
    throw invalid(from, `an object of kind ${kind} has no "metadata.name"`);
  return value as KubeObject;
}

function invalid(from: string, reason: string, cause?: unknown): SampanError {
  return new SampanError(
    'manifest-invalid',
    `${from === '-' ? 'Standard input' : from} cannot be used: ${reason}.`,
    {
      hint: 'It must hold Kubernetes objects as YAML or JSON. To see one: sampan run nginx --dry-run -o yaml',
      cause,
    },
  );
}
