/**
 * Writes the known differences into docs/compatibility.md. Usage: node test/differential/document.ts [--check]
 * (`--check`: changes nothing, exit code 1 when the file is not up to date).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { knownDifferencesMarkdown } from './known.ts';

export const COMPATIBILITY = join(import.meta.dirname, '../../docs/compatibility.md');

const BEGIN = '<!-- known differences: begin -->\n';
const END = '<!-- known differences: end -->';

/** The document with the present list in its place. */
export function withKnownDifferences(document: string): string {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin)
    throw new Error(`docs/compatibility.md has lost its marks ${BEGIN.trim()} and ${END}`);
  return `${document.slice(0, begin + BEGIN.length)}${knownDifferencesMarkdown()}${document.slice(end)}`;
}

if (import.meta.main) {
  const present = readFileSync(COMPATIBILITY, 'utf8');
  const wanted = withKnownDifferences(present);
  if (!process.argv.includes('--check')) writeFileSync(COMPATIBILITY, wanted);
  else if (wanted !== present) {
    console.log('docs/compatibility.md lacks known differences: run node test/differential/document.ts');
    process.exitCode = 1;
  }
}
