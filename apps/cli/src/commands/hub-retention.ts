import type { Invocation } from '../command.ts';
import { hubOperation } from '../hub/operation.ts';
import { printData, structuredFormat } from '../structured.ts';

interface Run {
  readonly dryRun: boolean;
  readonly deleted: readonly string[];
  readonly count: number;
}

/** Runs a project's retention rules now. */
export async function run(invocation: Invocation): Promise<number> {
  const { options, args } = invocation;
  const [project = ''] = args;
  const path = `/hub/api/retention/${encodeURIComponent(project)}?dryRun=${options['dry-run'] === true}`;
  const done = await hubOperation<Run>(invocation, 'POST', path);
  const format = structuredFormat(options.output);
  if (format) await printData(done, format);
  else {
    const { deleted, count, dryRun } = done;
    const more = count > deleted.length ? ` (and ${count - deleted.length} more)` : '';
    process.stdout.write(
      `${deleted.map((tag) => `${tag}\n`).join('')}${count} tags${more} ${dryRun ? 'would be deleted' : 'deleted'}\n`,
    );
  }
  return 0;
}
