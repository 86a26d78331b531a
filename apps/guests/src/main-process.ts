import { hostname } from 'node:os';
import { messageOf, SampanError } from '@sampan/base';
import { answerCalls, type CallMessage, type CallPort, GUEST_CALLS } from '@sampan/clusters';
import {
  countBuffersAsHeap,
  guestAgentSocket,
  type HomeLayout,
  homeLayout,
  type LogFile,
  lockGuests,
  openLogFile,
  PULL_SECRET,
  pullSecretContent,
  SettingsWatch,
} from '@sampan/home';
import { GuestNetworks } from './guest-networks.ts';
import { Guests } from './guests.ts';
import type { GuestsNode, GuestsOptions } from './life/options.ts';
import { NodeCaller } from './node-caller.ts';
import { parseGuestsOptions } from './options.ts';
import { serveGuests } from './serve-guests.ts';

/**
 * The guests process: a child of the server process, with its user and its folder, which is the home. It ends with its
 * parent: when the channel to it closes.
 */
export async function main(args: readonly string[]): Promise<void> {
  // the bytes of what clusters store
  countBuffersAsHeap();
  const home = homeLayout('.');
  const log = openLogFile(home.guestsLog);
  const crash = (error: unknown) => {
    log.error('crashed', { error });
    process.exit(1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  // a terminal's signals reach the parent as well, which closes the channel when it is its turn
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => {});
  const parentGone = whenParentIsGone();
  try {
    const stop = await start(args, home, log);
    tellParent({ kind: 'ready' });
    void parentGone.then(stop);
  } catch (error) {
    log.error('does not start', { error });
    fail(error);
  }
}

/** It may be gone before this process looks. */
function whenParentIsGone(): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.once('disconnect', resolve);
    else resolve();
  });
}

/** One that is gone needs to know nothing any more: this process ends with it. */
function tellParent(message: object): void {
  process.send?.(message, () => {});
}

/** Resolves, with what ends the process, when it serves. */
async function start(args: readonly string[], home: HomeLayout, log: LogFile): Promise<() => Promise<void>> {
  const { address, version, nodeHome, hub } = parseGuestsOptions(args);
  const port = parentPort();
  const unlock = lockGuests(home);
  const guests = new Guests({
    folder: home.clusters,
    backups: home.backups,
    version,
    externalAddress: address,
    log,
    ...(nodeHome === undefined ? {} : { node: nodeOf(nodeHome, home) }),
    ...(hub ? { pullSecret: pullSecretsOf(home, address) } : {}),
    changed: (...args) => port.send({ kind: 'event', args }),
  });
  const stopServing = await serveGuests(guests, home.guestsSocket, log);
  answerCalls(port, guests, GUEST_CALLS);
  return async () => {
    await stopServing();
    await guests.close();
    unlock();
    log.close();
    process.exit(0);
  };
}

/** The server process tells it whoever asks for a cluster, and tries again later. */
function fail(error: unknown): void {
  const { code, hint } = error instanceof SampanError ? error : { code: 'guests-start', hint: undefined };
  const failed = { kind: 'failed', code, message: messageOf(error), ...(hint ? { hint } : {}) };
  process.send?.(failed, () => process.exit(1));
}

function pullSecretsOf(home: HomeLayout, address: string): NonNullable<GuestsOptions['pullSecret']> {
  const settings = new SettingsWatch(home);
  return (cluster, uid) => ({
    name: PULL_SECRET,
    content: () => pullSecretContent(home, { cluster, uid: uid(), address }),
    follow: (listener) => settings.follow(listener),
  });
}

function nodeOf(nodeHome: string, home: HomeLayout): GuestsNode {
  return {
    // as the node process names it
    name: hostname().trim().toLowerCase(),
    caller: new NodeCaller(home.node.machineSocket),
    networks: new GuestNetworks(nodeHome),
    agentSocket: (network) => guestAgentSocket(home, network),
  };
}

function parentPort(): CallPort {
  return {
    send: tellParent,
    listen: (take) => process.on('message', (message) => take(message as CallMessage)),
  };
}
