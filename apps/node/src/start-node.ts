import type { Logger } from '@sampan/base';
import { type HomeLayout, lockNode, openLogFile, processIdentity, writeNodeState } from '@sampan/home';
import { startClusterNode } from './cluster-node.ts';
import { hostPlace } from './cluster-place.ts';
import { GuestNodes } from './guest-nodes.ts';
import { startMachine } from './machine-part.ts';
import { serveMachine } from './machine-server.ts';
import type { NodeOptions } from './options.ts';
import { openNodeHome, prepareFolders } from './prepare-folders.ts';
import { Releases } from './releases.ts';
import { SAMPAN_VERSION } from './version.ts';

export interface RunningNode {
  readonly log: Logger;
  /** Stops the process's work; containers and containerd run on. May be called twice. */
  stop(): Promise<void>;
}

/** Starts the node of a home; resolves when the API knows it and its pods are being run. Throws SampanErrors. */
export async function startNode(options: NodeOptions, signal: AbortSignal): Promise<RunningNode> {
  const home = openNodeHome(options.home);
  prepareFolders(home);
  const releases = new Releases();
  try {
    releases.add(lockNode(home));
    const log = openLogFile(home.node.log, { echo: options.foreground });
    releases.add(() => log.close());
    writeState(home, 'starting');
    const part = await startMachine(home, log, releases);
    const host = await startClusterNode(part, await hostPlace(home));
    releases.add(() => host.stop());
    const guests = new GuestNodes(part);
    releases.add(() => guests.close());
    releases.add(await serveMachine(part, guests));
    void guests.endForgotten();
    signal.throwIfAborted();
    writeState(home, 'ready');
    log.info('ready', { version: SAMPAN_VERSION });
    return { log, stop: () => releases.run() };
  } catch (error) {
    await releases.run();
    throw error;
  }
}

function writeState(home: HomeLayout, state: 'starting' | 'ready'): void {
  writeNodeState(home, {
    pid: process.pid,
    identity: processIdentity(process.pid),
    state,
    version: SAMPAN_VERSION,
    startedAt: Date.now(),
  });
}
