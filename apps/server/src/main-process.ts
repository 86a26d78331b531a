import { messageOf, SampanError } from '@sampan/base';
import { countBuffersAsHeap } from '@sampan/home';
import { parseServerOptions } from './options.ts';
import { type RunningServer, startServer } from './server.ts';

/** What the process tells the one that started it, over IPC. */
export type ServerMessage =
  | {
      readonly type: 'ready';
      readonly port: number;
      readonly portTaken?: number;
      /** Absent: it was not wanted. */
      readonly hub?: { readonly port?: number; readonly portTaken?: number; readonly failure?: string };
    }
  | { readonly type: 'failed'; readonly code: string; readonly message: string; readonly hint?: string };

/** Memory for fewer collections while one cluster is read at full speed: few buffers are kept. */
const PASSED_ON_GROWTH = 8;

/** The server process: starts, tells its parent, and runs until SIGTERM or SIGINT. Exit codes: 0, 1, 2 (usage). */
export async function main(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<void> {
  // most of them are what is passed on for guests and the registry, and soon forgotten
  countBuffersAsHeap(PASSED_ON_GROWTH);
  let server: RunningServer | undefined;
  const crash = (error: unknown) => {
    server?.log.error('crashed', { error });
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  // a reader of standard error that went away is no reason to end
  process.stderr.on('error', () => {});
  try {
    server = await startServer(parseServerOptions(args, environment));
  } catch (error) {
    fail(error);
    return;
  }
  const running = server;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => void running.stop().then(() => process.exit(0), crash));
  }
  const { port, portTaken, hub } = running;
  tell({
    type: 'ready',
    port,
    ...(portTaken === undefined ? {} : { portTaken }),
    ...(hub ? { hub: { ...hub.ready, ...(hub.failure === undefined ? {} : { failure: hub.failure }) } } : {}),
  });
}

function fail(error: unknown): void {
  const known = error instanceof SampanError ? error : undefined;
  const code = known?.code ?? 'internal';
  const message = messageOf(error);
  const hint = known?.hint;
  process.stderr.write(
    `Error: ${known || !(error instanceof Error) ? message : error.stack}\n${hint ? `${hint}\n` : ''}`,
  );
  process.exitCode = code === 'usage' ? 2 : 1;
  tell({ type: 'failed', code, message, ...(hint === undefined ? {} : { hint }) });
}

/** Does nothing when nobody listens. */
function tell(message: ServerMessage): void {
  if (!process.send || !process.connected) return;
  process.send(message, () => {
    if (process.connected) process.disconnect?.();
  });
}
