/**
 * Reads the type declarations of a Go package, as gofmt writes them: structs with their json, protobuf and
 * patch tags, `+marker` comments, named scalars, and the constants of enums. Not a Go parser: what the API
 * packages do not use is not understood.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface GoField {
  /** Absent for an embedded struct. */
  readonly goName: string | undefined;
  /** Go type as written, e.g. `[]metav1.Condition`. */
  readonly goType: string;
  readonly tags: ReadonlyMap<string, string>;
  readonly markers: ReadonlyMap<string, readonly string[]>;
}

export interface GoType {
  readonly name: string;
  readonly markers: ReadonlyMap<string, readonly string[]>;
  /** Of a struct. */
  readonly fields?: readonly GoField[];
  /** Of any other type: what it is a name for. */
  readonly underlying?: string;
}

export interface GoPackage {
  readonly types: ReadonlyMap<string, GoType>;
  /** Constants by name. */
  readonly constants: ReadonlyMap<string, { type: string; value: string }>;
  /** Import path by the name that the package's files use for it. */
  readonly imports: ReadonlyMap<string, string>;
}

function parseMarkers(comments: readonly string[]): Map<string, string[]> {
  const markers = new Map<string, string[]>();
  for (const line of comments) {
    const match = /^\/\/ ?\+([A-Za-z0-9:]+)(?:=(.*))?$/.exec(line.trim());
    if (!match?.[1]) continue;
    const values = markers.get(match[1]) ?? [];
    values.push((match[2] ?? '').trim());
    markers.set(match[1], values);
  }
  return markers;
}

function parseTags(text: string): Map<string, string> {
  return new Map([...text.matchAll(/(\w+):"((?:[^"\\]|\\.)*)"/g)].map((m) => [m[1] ?? '', m[2] ?? '']));
}

function parseField(line: string, comments: readonly string[]): GoField | undefined {
  const match = /^(?:([A-Za-z_]\w*)\s+)?([^`\s][^`]*?)?\s*(?:`(.*)`)?\s*(?:\/\/.*)?$/.exec(line.trim());
  if (!match) return undefined;
  const [, first, second, tags] = match;
  const goType = second ?? first;
  if (!goType) return undefined;
  return {
    goName: second === undefined || first === undefined ? undefined : first,
    goType,
    tags: parseTags(tags ?? ''),
    markers: parseMarkers(comments),
  };
}

interface Target {
  types: Map<string, GoType>;
  constants: Map<string, { type: string; value: string }>;
  imports: Map<string, string>;
}

/** Reads one file, line by line: what stands before `at` has been read. */
class FileReader {
  #lines: readonly string[];
  #at = 0;
  #comments: string[] = [];
  #into: Target;

  constructor(text: string, into: Target) {
    this.#lines = text.replace(/\/\*[\s\S]*?\*\//g, '').split('\n');
    this.#into = into;
  }

  read(): void {
    while (this.#at < this.#lines.length) {
      const line = this.#lines[this.#at++] ?? '';
      if (line.startsWith('//')) this.#comments.push(line);
      else if (line.trim() === '') continue;
      else {
        this.#declaration(line);
        this.#comments = [];
      }
    }
  }

  #declaration(line: string): void {
    const struct = /^type (\w+) struct ?\{(\})?$/.exec(line);
    if (struct?.[1]) {
      const fields = struct[2] === undefined ? this.#fields() : [];
      this.#into.types.set(struct[1], { name: struct[1], markers: parseMarkers(this.#comments), fields });
      return;
    }
    const named = /^type (\w+)(?: =)? ([\w.[\]*]+)$/.exec(line);
    if (named?.[1] && named[2]) {
      this.#into.types.set(named[1], {
        name: named[1],
        markers: parseMarkers(this.#comments),
        underlying: named[2],
      });
    } else if (line.startsWith('import ') && line !== 'import (') this.#import(line.slice(7));
    else if (line === 'const (') this.#block((text) => this.#constant(text));
    else if (line.startsWith('const ')) this.#constant(line.slice(6));
    else if (line === 'import (') this.#block((text) => this.#import(text));
  }

  #block(each: (line: string) => void): void {
    for (;;) {
      const line = this.#lines[this.#at++];
      if (line === undefined || line === ')') return;
      each(line.trim());
    }
  }

  #constant(line: string): void {
    const match = /^(\w+)\s+(\w+)\s*=\s*"(.*)"/.exec(line);
    if (match?.[1]) this.#into.constants.set(match[1], { type: match[2] ?? '', value: match[3] ?? '' });
  }

  #import(line: string): void {
    const match = /^(\w+ )?"(.*)"$/.exec(line);
    if (!match?.[2]) return;
    const path = match[2];
    this.#into.imports.set((match[1] ?? path.slice(path.lastIndexOf('/') + 1)).trim(), path);
  }

  #fields(): GoField[] {
    const fields: GoField[] = [];
    let comments: string[] = [];
    for (;;) {
      const line = this.#lines[this.#at++];
      if (line === undefined || line === '}') return fields;
      const text = line.trim();
      if (text === '') comments = [];
      else if (text.startsWith('//')) comments.push(text);
      else {
        const field = parseField(text, comments);
        if (!field) throw new Error(`cannot read the field: ${line}`);
        fields.push(field);
        comments = [];
      }
    }
  }
}

export function readGoPackage(directory: string): GoPackage {
  const target: Target = { types: new Map(), constants: new Map(), imports: new Map() };
  for (const file of readdirSync(directory).sort()) {
    if (!file.endsWith('.go') || file.endsWith('_test.go') || /generated|zz_/.test(file)) continue;
    new FileReader(readFileSync(join(directory, file), 'utf8'), target).read();
  }
  return target;
}
