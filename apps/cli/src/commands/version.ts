import manifest from '../../package.json' with { type: 'json' };
import type { Invocation } from '../command.ts';
import { printData, structuredFormat } from '../structured.ts';

export async function run({ options }: Invocation): Promise<number> {
  const format = structuredFormat(options.output);
  const version = { version: manifest.version, node: process.versions.node };
  if (format) await printData(version, format);
  else process.stdout.write(`sampan ${manifest.version}\n`);
  return 0;
}
