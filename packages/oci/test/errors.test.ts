import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { OCI_ERRORS } from '../src/errors.ts';

test('the README has the code of each error, and what it means', () => {
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
  const rows = [...readme.matchAll(/^\| `(oci-[a-z-]+)` \| (.*) \|$/gm)].map(([, code, text]) => [
    code,
    text,
  ]);
  expect(Object.fromEntries(rows)).toEqual(OCI_ERRORS);
});
