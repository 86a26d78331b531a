import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, SampanError, systemClock } from '@sampan/base';
import {
  countBuffersAsHeap,
  homeLayout,
  type LogFile,
  lockHub,
  openLogFile,
  readSettings,
} from '@sampan/home';
import { HubObjects, type HubResponse } from '@sampan/hub';
import { HomeAccounts } from './accounts/home-accounts.ts';
import { apiAnswers } from './api-answers.ts';
import { connectApi } from './connect-api.ts';
import { copyHub, removeLeftCopies } from './copy-hub.ts';
import { parseHubOptions } from './options.ts';
import { type RunningHub, startHub } from './start-hub.ts';
import { webhookHosts } from './webhook-hosts.ts';

/** What the process tells the server process, over IPC. */
export type HubMessage =
  | { readonly kind: 'ready'; readonly port: number; readonly portTaken?: number }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly hint?: string };

/** On the socket, where the server process asks for a copy of all that there is. */
const COPY_PATH = '/copy';

const found = (value: unknown): HubResponse => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});

/** Without the cluster it serves all the same: whom and what it knows then. */
const SYNC_MS = 10_000;

/** What was pushed and pulled is looked up months later: a gigabyte of lines. */
const AUDIT_LOG = { maxBytes: 100 << 20, kept: 10 };

/** Of bytes that are pushed and pulled nearly all are freed at once; see `freeBytes`. */
const BUFFERS_GROWTH = 8;

/**
 * The hub process: a child of the server process, with its user and its folder, which is the home. It ends with its
 * parent: when the channel to it closes.
 */
export async function main(args: readonly string[]): Promise<void> {
  countBuffersAsHeap(BUFFERS_GROWTH);
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
  // while it starts it has acknowledged nothing
  const leave = () => process.exit(0);
  process.once('disconnect', leave);
  // its parent ended before anyone listened
  if (process.send && !process.connected) leave();
  try {
    const { hub, close } = await open(args, log);
    process.off('disconnect', leave);
    log.info('ready', { port: hub.port });
    removeLeftCopies(home, Date.now()).catch((error: unknown) =>
      log.warn('left copies of the registry', { error: messageOf(error) }),
    );
    process.once('disconnect', () => void stop(close, log).catch(crash));
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

/** What runs, and what it stands on. */
interface Opened {
  readonly hub: RunningHub;
  close(): Promise<void>;
}

async function open(args: readonly string[], log: LogFile): Promise<Opened> {
  const { port, exactly } = parseHubOptions(args);
  const home = homeLayout('.');
  const unlock = lockHub(home);
  const { root: folder, socket } = home.hub;
  const { client, close: disconnect } = connectApi(home);
  const common = { client, clock: systemClock, log };
  const objects = new HubObjects({ ...common, hasClusters: true });
  // it answers already while it starts
  let running: RunningHub | undefined;
  const onRobot = (name: string) => running?.controllers?.robotUsed(name);
  const directory = new HomeAccounts({ ...common, home, objects, onRobot });
  const cluster = { client, objects };
  const known = apiAnswers().then(async () => {
    objects.start();
    await Promise.race([objects.synced(), sleep(SYNC_MS)]);
  });
  const audit = openLogFile(home.hub.auditLog, AUDIT_LOG);
  const { hubLimits: limits, hubBucket: bucket } = readSettings(home);
  const copy = { home, withBlobs: bucket === undefined };
  const hub = await startHub({
    folder,
    bucket,
    port,
    exactly,
    socket,
    directory,
    inside: (hub) => ({ [COPY_PATH]: async () => found(await copyHub(hub, copy)) }),
    cluster,
    known,
    logger: log,
    audit,
    webhookHosts: webhookHosts(home, log),
    limits,
  });
  running = hub;
  const close = async () => {
    await hub.close();
    objects.stop();
    disconnect();
    audit.close();
    unlock();
  };
  return { hub, close };
}

async function stop(close: () => Promise<void>, log: LogFile): Promise<void> {
  await close();
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
