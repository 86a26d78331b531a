import { durationOf } from '../clusters/durations.ts';
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
  /** What nobody needs but may be about to. */
  readonly waiting: number;
  readonly waitingBytes: number;
}

/** Deletes what nobody needs, while the registry serves. */
export async function run(invocation: Invocation): Promise<number> {
  const { options } = invocation;
  const isDryRun = options['dry-run'] === true;
  progress('Collecting what nobody needs');
  const grace = durationOf('grace', options.grace);
  const query = new URLSearchParams({ dryRun: String(isDryRun) });
  if (grace !== undefined) query.set('grace', String(grace));
  const found = await hubOperation<Collected>(invocation, 'POST', `/hub/api/gc?${query}`);
  const format = structuredFormat(options.output);
  if (format) await printData(found, format);
  else {
    const { blobs, bytes, links, uploads, waiting, waitingBytes } = found;
    const verb = isDryRun ? 'would be deleted' : 'deleted';
    process.stdout.write(
      `${blobs} blobs of ${size(bytes)} ${verb}; ${links} taken from repositories, ${uploads} uploads given up\n`,
    );
    if (waiting > 0) {
      process.stdout.write(
        `${waiting} blobs of ${size(waitingBytes)} wait until no push can be about to need them (a day; if nobody pushes: --grace 0)\n`,
      );
    }
  }
  return 0;
}
