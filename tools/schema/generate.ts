/**
 * Writes packages/api/src/generated/ from the Go sources of the Kubernetes API.
 * Usage: node tools/schema/generate.ts SRC_DIR, where SRC_DIR holds k8s.io/api and the like (see fetch.sh).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TableBuilder } from './table.ts';
import { renderTypes } from './typescript.ts';

const source = process.argv[2];
if (!source) {
  console.error('usage: node tools/schema/generate.ts SRC_DIR');
  process.exit(2);
}
const target = join(import.meta.dirname, '../../packages/api/src/generated');
const table = new TableBuilder(source).build();
mkdirSync(target, { recursive: true });
writeFileSync(join(target, 'schema-table.json'), `${JSON.stringify(table, null, 1)}\n`);
writeFileSync(join(target, 'types.ts'), renderTypes(table));
console.log(`${Object.keys(table.structs).length} types written to ${target}`);
