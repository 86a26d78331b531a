import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf } from '@sampan/base';
import type { NodeRequest } from '@sampan/clusters';
import { detachLocalVolumes, removeCgroups, unmountBelow } from '@sampan/kubelet';
import { removeCniNetwork, removeHostRules, removeNetwork } from '@sampan/network';
import { CLUSTER_LABEL, type ClusterNode, startClusterNode } from './cluster-node.ts';
import {
  guestFolder,
  guestFolders,
  guestNetwork,
  guestPlace,
  guestsWithFolders,
  removeGuestFolders,
} from './guest-place.ts';
import type { MachinePart } from './machine-part.ts';
import { cgroupRoot, cniFolders } from './pod-network.ts';

interface Running {
  readonly node: ClusterNode;
  /** What it was started with. */
  readonly request: string;
}

/** In a guest's folder: the number of its network, to end what is left of it. */
const NETWORK_FILE = 'network';

/** The guest clusters that this machine works for; what is asked of each is done one after the other. */
export class GuestNodes {
  readonly #part: MachinePart;
  readonly #running = new Map<string, Running>();
  /** What gives up a start that is under way, and what was asked for by it. */
  readonly #starting = new Map<string, { readonly abort: AbortController; readonly request: string }>();
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(part: MachinePart) {
    this.#part = part;
  }

  /** Works for a cluster, as asked; its containers are taken over. May be called again, also with other facts. */
  start(name: string, request: NodeRequest): Promise<void> {
    const text = JSON.stringify(request);
    this.#giveUp(name, text);
    return this.#inTurn(name, async () => {
      const known = this.#running.get(name);
      if (known?.request === text) return;
      await this.#stop(name);
      const place = await guestPlace(this.#part.home, name, request);
      writeFileSync(join(guestFolder(this.#part.home, name), NETWORK_FILE), `${request.network}\n`);
      const abort = new AbortController();
      this.#starting.set(name, { abort, request: text });
      try {
        const node = await startClusterNode(this.#part, place, abort.signal);
        this.#running.set(name, { node, request: text });
      } finally {
        this.#starting.delete(name);
      }
    });
  }

  /** Works for it no more; `end`: and removes all that its pods left. May be called again. */
  stop(name: string, { end }: { readonly end: boolean }): Promise<void> {
    this.#giveUp(name);
    return this.#inTurn(name, async () => {
      await this.#stop(name);
      if (end) await this.#end(name);
    });
  }

  /** Works for it no more, and ends its pods; what they stored stays. May be called again. */
  endPods(name: string): Promise<void> {
    this.#giveUp(name);
    return this.#inTurn(name, async () => {
      await this.#stop(name);
      await this.#endSandboxes(name);
    });
  }

  /** Ends what is of clusters that are not there any more. Never rejects. */
  async endForgotten(): Promise<void> {
    const { home, log } = this.#part;
    for (const name of guestsWithFolders(home)) {
      if (existsSync(join(home.clusters, name))) continue;
      await this.stop(name, { end: true }).catch((error: unknown) =>
        log.error('what is left of a cluster cannot be ended', { cluster: name, error: messageOf(error) }),
      );
    }
  }

  /** Stops working for all; their containers run on. */
  async close(): Promise<void> {
    const names = new Set([...this.#running.keys(), ...this.#starting.keys()]);
    await Promise.all([...names].map((name) => this.stop(name, { end: false })));
  }

  /** A start whose API went away would keep all that follows waiting. `request`: one that asks for this goes on. */
  #giveUp(name: string, request?: string): void {
    const starting = this.#starting.get(name);
    if (starting && starting.request !== request)
      starting.abort.abort(new Error('something else is asked for the cluster by now'));
  }

  async #stop(name: string): Promise<void> {
    const running = this.#running.get(name);
    this.#running.delete(name);
    await running?.node.stop();
  }

  async #end(name: string): Promise<void> {
    const { home } = this.#part;
    await this.#endSandboxes(name);
    const index = readIndex(join(guestFolder(home, name), NETWORK_FILE));
    if (index !== undefined) await endGuestNetwork(this.#part, name, index);
    removeGuestFolders(home, name, index);
  }

  async #endSandboxes(name: string): Promise<void> {
    const own = this.#part.runtime.scoped({ [CLUSTER_LABEL]: name });
    await Promise.all((await own.listSandboxes()).map(({ id }) => own.removeSandbox(id)));
  }

  #inTurn<T>(name: string, task: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(name) ?? Promise.resolve();
    const done = before.then(task, task);
    const last = done
      .catch(() => {})
      .then(() => {
        if (this.#turns.get(name) === last) this.#turns.delete(name);
      });
    this.#turns.set(name, last);
    return done;
  }
}

function readIndex(file: string): number | undefined {
  if (!existsSync(file)) return undefined;
  const index = Number(readFileSync(file, 'utf8'));
  return Number.isSafeInteger(index) ? index : undefined;
}

/** The volumes, cgroups and network of a guest whose pods have ended. */
async function endGuestNetwork(
  { home }: Pick<MachinePart, 'home'>,
  name: string,
  index: number,
): Promise<void> {
  const network = await guestNetwork(home, name, index);
  const folders = guestFolders(home, name, index);
  await unmountBelow(folders.pods);
  await detachLocalVolumes(folders.volumes);
  await removeCgroups(cgroupRoot(network));
  const cni = cniFolders(home, network);
  await removeCniNetwork(cni, network.name);
  await removeNetwork(network.name);
  await removeHostRules(network);
  await rm(dirname(cni.leases), { recursive: true, force: true });
}

/** Of all guests of a home, when nothing of it runs. */
export async function endGuestNetworks(home: MachinePart['home']): Promise<void> {
  for (const name of guestsWithFolders(home)) {
    const index = readIndex(join(guestFolder(home, name), NETWORK_FILE));
    if (index !== undefined) await endGuestNetwork({ home }, name, index);
  }
}
