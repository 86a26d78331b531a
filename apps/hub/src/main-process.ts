import { messageOf, SampanError } from '@sampan/base';
import { homeLayout, type LogFile, lockHub, openLogFile } from '@sampan/home';
import { HomeDirectory } from './home-directory.ts';
import { parseHubOptions } from './options.ts';
import { type RunningHub, startHub } from './start-hub.ts';

/** What the process tells the server process, over IPC. */
export type HubMessage =
  | { readonly kind: 'ready'; readonly port: number; readonly portTaken?: number }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly hint?: string };

/**
 * The hub process: a child of the server process, with its user and its folder, which is the home. It ends with its
 * parent: when the channel to it closes.
 */
export async function main(args: readonly string[]): Promise<void> {
  const home = homeLayout('.');
  const log = openLogFile(home.hub.log);
  const crash = (error: unknown) => {
    log.error('crashed', { error });
    process.exit(1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  // a terminal's signals reach the parent as well, which closes the channel when it is its turn
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => {});
  try {
    const { hub, unlock } = await open(args, log);
    process.once('disconnect', () => void stop(hub, unlock, log).catch(crash));
    tell({
      kind: 'ready',
      port: hub.port,
      ...(hub.portTaken === undefined ? {} : { portTaken: hub.portTaken }),
    });
  } catch (error) {
    log.error('does not start', { error });
    fail(error);
  }
}

async function open(args: readonly string[], log: LogFile): Promise<{ hub: RunningHub; unlock: () => void }> {
  const { port, exactly } = parseHubOptions(args);
  const home = homeLayout('.');
  const unlock = lockHub(home);
  const { root: folder, socket } = home.hub;
  const hub = await startHub({
    folder,
    port,
    exactly,
    socket,
    directory: new HomeDirectory(home),
    logger: log,
  });
  return { hub, unlock };
}

async function stop(hub: RunningHub, unlock: () => void, log: LogFile): Promise<void> {
  await hub.close();
  unlock();
  log.close();
  process.exit(0);
}

function fail(error: unknown): void {
  const known = error instanceof SampanError ? error : undefined;
  const { code = 'internal', hint } = known ?? {};
  const message: HubMessage = { kind: 'failed', code, message: messageOf(error), ...(hint ? { hint } : {}) };
  tell(message, () => process.exit(1));
}

function tell(message: HubMessage, then = (): void => {}): void {
  if (process.send) process.send(message, then);
  else then();
}
