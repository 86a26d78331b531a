import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { upstreamFolder } from './upstream.ts';

const LIST = 'test/conformance/testdata/conformance.yaml';

/** The names of upstream's conformance tests, in the order of its own list. */
export function conformanceTests(): string[] {
  const tests = parse(readFileSync(join(upstreamFolder().source, LIST), 'utf8')) as { codename: string }[];
  return tests.map(({ codename }) => codename);
}
