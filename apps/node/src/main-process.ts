import { type Logger, messageOf, SampanError } from '@sampan/base';
import { endNode } from './end-node.ts';
import { type NodeOptions, parseNodeOptions } from './options.ts';
import { type RunningNode, startNode } from './start-node.ts';

/** What the process tells the one that started it, over IPC. */
export type NodeMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly code: string; readonly message: string; readonly hint?: string };

/**
 * The node process: starts, tells its parent, and runs until SIGTERM or SIGINT, after which containers run on; or,
 * with `--end`, ends them. Exit codes: 0, 1, 2 (usage).
 */
export async function main(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<void> {
  let log: Logger | undefined;
  const crash = (error: unknown) => {
    log?.error('crashed', { error });
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  // a reader of standard error that went away is no reason to end
  process.stderr.on('error', () => {});
  try {
    const options = parseNodeOptions(args, environment);
    if (options.end) await endNode(options);
    else log = await run(options, crash);
    tell({ type: 'ready' });
  } catch (error) {
    fail(error);
  }
}

async function run(options: NodeOptions, crash: (error: unknown) => void): Promise<Logger> {
  const stopping = new AbortController();
  let running: RunningNode | undefined;
  const stop = () => {
    stopping.abort();
    // while it still starts it may be waiting for a server, for ever; what it began the next one takes up
    if (!running) process.exit(0);
    void running.stop().then(() => process.exit(0), crash);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
  running = await startNode(options, stopping.signal);
  return running.log;
}

function fail(error: unknown): void {
  const known = error instanceof SampanError ? error : undefined;
  const code = known?.code ?? 'internal';
  const message = messageOf(error);
  const hint = known?.hint;
  process.stderr.write(
    `Error: ${known || !(error instanceof Error) ? message : error.stack}\n${hint ? `${hint}\n` : ''}`,
  );
  tell({ type: 'failed', code, message, ...(hint === undefined ? {} : { hint }) }, () =>
    process.exit(code === 'usage' ? 2 : 1),
  );
}

/** `then` is called when the parent has been told, or at once when there is none. */
function tell(message: NodeMessage, then = (): void => {}): void {
  if (!process.send || !process.connected) {
    then();
    return;
  }
  process.send(message, () => {
    if (process.connected) process.disconnect?.();
    then();
  });
}
