import { size } from '../clusters/print-clusters.ts';
import type { Invocation } from '../command.ts';
import { hubOperation } from '../hub/operation.ts';
import { progress } from '../progress.ts';
import { printData, structuredFormat } from '../structured.ts';

interface Collected {
  readonly links: number;
  readonly blobs: number;
  readonly bytes: number;
  readonly uploads: number;
}

/** Deletes what nobody needs, while the registry serves. */
export async function run(invocation: Invocation): Promise<number> {
  const { options } = invocation;
  const isDryRun = options['dry-run'] === true;
  progress('Collecting what nobody needs');
  const found = await hubOperation<Collected>(invocation, 'POST', `/hub/api/gc?dryRun=${isDryRun}`);
  const format = structuredFormat(options.output);
  if (format) await printData(found, format);
  else {
    const { blobs, bytes, links, uploads } = found;
    const verb = isDryRun ? 'would be deleted' : 'deleted';
    process.stdout.write(
      `${blobs} blobs of ${size(bytes)} ${verb}; ${links} taken from repositories, ${uploads} uploads given up\n`,
    );
  }
  return 0;
}
