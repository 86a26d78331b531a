import type { Invocation } from '../command.ts';
import { hubOperation } from '../hub/operation.ts';
import { progress } from '../progress.ts';
import { printData, structuredFormat } from '../structured.ts';

interface Checked {
  readonly faults: readonly { readonly digest: string; readonly what: string }[];
}

/** Exit code 1 when something is wrong. */
export async function run(invocation: Invocation): Promise<number> {
  const { options } = invocation;
  const isReading = options.read === true;
  progress(isReading ? 'Reading all that is stored' : 'Looking whether all is there');
  const found = await hubOperation<Checked>(invocation, 'POST', `/hub/api/fsck?read=${isReading}`);
  const { faults } = found;
  const format = structuredFormat(options.output);
  if (format) await printData(found, format);
  else if (faults.length === 0) process.stdout.write('Nothing is wrong.\n');
  else process.stdout.write(faults.map(({ digest, what }) => `${digest} ${what}\n`).join(''));
  return faults.length === 0 ? 0 : 1;
}
