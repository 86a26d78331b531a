/**
 * Writes build/api-descriptions.json: the doc texts of the Kubernetes API by model name and field, read from
 * the type declarations of `@kubernetes/client-node`. A build product, not committed; without it OpenAPI
 * documents carry no descriptions. Usage: node tools/schema/descriptions.ts [OUT]
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import generated from '../../packages/api/src/generated/schema-table.json' with { type: 'json' };
import { modelName } from '../../packages/api/src/schema/table.ts';

const root = join(import.meta.dirname, '../..');
const models = join(root, 'node_modules/@kubernetes/client-node/dist/gen/models');
const target = process.argv[2] ?? join(root, 'build/api-descriptions.json');

const pascal = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** The file of a type: `V1Pod`, or with its group where several groups have the name: `CoreV1Event`. */
function fileOf(short: string): string | undefined {
  const [group = '', version = '', name = ''] = short.split('.');
  const own = `${pascal(group)}${pascal(version)}${name}`;
  const shared = `${pascal(version)}${name}`;
  return [own, shared].map((file) => join(models, file)).find((file) => existsSync(`${file}.d.ts`));
}

const clean = (comment: string): string =>
  comment
    .split('\n')
    .map((line) => line.replace(/^\s*\*? ?/, '').trimEnd())
    .join('\n')
    .trim()
    .replaceAll(/\\(['"`])/g, '$1');

/** Wire names by the names that the declarations use. */
function wireNames(file: string): Map<string, string> {
  const code = readFileSync(`${file}.js`, 'utf8');
  return new Map(
    [...code.matchAll(/"name": "([^"]+)",\s*"baseName": "([^"]+)"/g)].map((m) => [m[1] ?? '', m[2] ?? '']),
  );
}

function describe(file: string): Record<string, string> {
  const text = readFileSync(`${file}.d.ts`, 'utf8');
  const names = wireNames(file);
  const texts: Record<string, string> = {};
  const type = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export declare class/.exec(text)?.[1];
  if (type) texts[''] = clean(type);
  for (const match of text.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*'([^']+)'\??:/g)) {
    texts[names.get(match[2] ?? '') ?? match[2] ?? ''] = clean(match[1] ?? '');
  }
  return texts;
}

const descriptions: Record<string, Record<string, string>> = {};
for (const short of Object.keys(generated.structs)) {
  const file = fileOf(short);
  if (file) descriptions[modelName(short)] = describe(file);
}
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, JSON.stringify(descriptions));
console.log(`${Object.keys(descriptions).length} types described in ${target}`);
