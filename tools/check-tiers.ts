/** Fails on imports against the direction of the tiers, and prints the reason. Usage: node tools/check-tiers.ts */
import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { findBans } from './import-bans.ts';

const root = join(import.meta.dirname, '..');
let bans = 0;
let files = 0;
for await (const file of glob('{packages,apps}/*/{src,test}/**/*.ts', { cwd: root })) {
  files++;
  for (const { line, specifier, reason } of findBans(file, readFileSync(join(root, file), 'utf8'))) {
    bans++;
    console.log(`${file}:${line}: must not import ${specifier}: ${reason}`);
  }
}
console.log(`${files} files, ${bans} imports against the tiers`);
process.exitCode = bans === 0 ? 0 : 1;
