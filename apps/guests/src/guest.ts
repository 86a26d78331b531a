import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import {
  type ControlPlane,
  componentPolicy,
  createControlPlane,
  type FrontProxy,
  issueLegacyToken,
  SigningKeys,
  type VersionInfo,
} from '@sampan/apiserver';
import { deepEqual, type Logger, messageOf, systemClock } from '@sampan/base';
import type { GuestRanges, GuestSettings, MachineQuota } from '@sampan/clusters';
import { type Controllers, type PullSecretOptions, startControllers } from '@sampan/controllers';
import { type Revocation, Revocations } from '@sampan/machinery';
import { apiAddressOf, type ClusterNetwork } from '@sampan/network';
import { type Scheduler, startScheduler } from '@sampan/scheduler';
import { openSqliteStore } from '@sampan/store';
import type { GuestKeys } from './guest-keys.ts';
import { GuestNode } from './guest-node.ts';
import { makeNodeObjects } from './guest-objects.ts';
import { isHeartbeat } from './heartbeats.ts';
import { InsideListener } from './inside-listener.ts';
import { ServingApprover } from './joined/approve-serving.ts';
import { JoinedNodes } from './joined/joined-nodes.ts';
import { guestWays, serveMachine } from './machine-ways.ts';
import { renewTokens } from './new-life.ts';
import type { NodeCaller } from './node-caller.ts';
import { issueNodeCredentials } from './node-credentials.ts';
import { QuotaStore, type StoreQuota } from './quota-store.ts';
import { TimerBook } from './timer-book.ts';

export interface GuestOptions {
  readonly name: string;
  /** The database. */
  readonly file: string;
  readonly keys: GuestKeys;
  /** How aggregated API servers know it; asked when there is one. */
  readonly frontProxy: () => FrontProxy;
  readonly version: VersionInfo;
  /** Of this machine, which runs its pods; undefined: nothing runs them. */
  readonly node: MachineNode | undefined;
  /** `HOST:PORT/clusters/NAME` under which the cluster is reached from outside. */
  readonly externalAddress: string;
  /** Its pods run under gVisor. */
  readonly isSandboxed: boolean;
  /** Of its store. */
  readonly quota: StoreQuota;
  /** Of its pods. */
  readonly machineQuota: MachineQuota;
  readonly ranges: GuestRanges;
  /** Where machines that join may be. */
  readonly nodeRanges: readonly string[];
  /** With what its pods fetch images; undefined: nothing. */
  readonly pullSecret: PullSecretOptions | undefined;
  readonly log: Logger;
  /** Told when it has its first pod, or its last one is over. */
  readonly podsChanged?: (hasPods: boolean) => void;
  /** Told of all that its controllers plan for later, milliseconds since the epoch. */
  readonly planned?: (at: number) => void;
  /** Told when it has more or fewer nodes. */
  readonly nodesChanged?: () => void;
  /** Told when its network is another's by now. */
  readonly networkTaken?: () => void;
}

/** What of this machine is a cluster's. */
export interface MachineNode {
  /** The node's name. */
  readonly name: string;
  readonly network: ClusterNetwork;
  readonly caller: NodeCaller;
  /** The socket of the agent that runs this cluster's pods, when it does. */
  readonly agentSocket: string;
}

/** Where pods reach the API at the machine's end of their network's link. */
const API_PORT = 6443;

/** Controllers that are busy for longer are not waited for. */
const BUSY_MS = 5000;

/** What looks after a cluster's objects. */
interface Work {
  readonly controllers: Controllers;
  readonly scheduler: Scheduler;
}

interface Parts {
  readonly plane: ControlPlane;
  readonly store: QuotaStore;
  /** Begins with the second turn of the event loop. */
  readonly work: Promise<Work>;
  readonly timers: TimerBook;
  readonly node: GuestNode | undefined;
  readonly inside: InsideListener;
  readonly setMachineQuota: (quota: MachineQuota) => void;
  readonly setSandboxed: (isSandboxed: boolean) => void;
  readonly setNodeRanges: (ranges: readonly string[]) => void;
  readonly revoke: (revoked: readonly Revocation[]) => void;
  readonly end: () => Promise<void>;
}

/** A guest cluster that is awake: its store, API, controllers and scheduler. */
export class Guest {
  readonly #parts: Parts;
  /** Requests, watches and streams under way. */
  readonly #connections = new Set<{ readonly cut: () => void }>();
  #lastRequestAt: number | undefined;
  #closing: Promise<void> | undefined;

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  get api(): ControlPlane['api'] {
    return this.#parts.plane.api;
  }

  get objects(): number {
    return this.#parts.store.stats().objects;
  }

  /** This machine, when it runs pods, and those that joined. */
  get nodes(): number {
    return this.#parts.store.count('nodes/');
  }

  /** Milliseconds since the epoch; undefined: nobody asked for anything since it woke. */
  get lastRequestAt(): number | undefined {
    return this.#lastRequestAt;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** False from the moment that it begins to close. */
  get isOpen(): boolean {
    return this.#closing === undefined;
  }

  /** Resolves when its controllers have looked at all there is: from then on `wakeAt` tells what they plan. Never rejects. */
  async working(): Promise<void> {
    const work = await this.#parts.work.catch(() => undefined);
    const patience = new AbortController();
    const { signal } = patience;
    const tired = sleep(BUSY_MS, undefined, { signal }).catch(() => {});
    await Promise.race([work?.controllers.settled(), tired]);
    patience.abort();
  }

  /** When its controllers have something to do next, milliseconds since the epoch; undefined: nothing is planned. */
  get wakeAt(): number | undefined {
    return this.#parts.timers.earliest();
  }

  /**
   * A request began; the returned function is called when its answer, or its connection, is over. `cut` is called when
   * the cluster closes before: watches would hear nothing any more.
   */
  begin(cut: () => void): () => void {
    const connection = { cut };
    this.#connections.add(connection);
    this.#lastRequestAt = Date.now();
    return () => {
      if (this.#connections.delete(connection)) this.#lastRequestAt = Date.now();
    };
  }

  /** Whether a pod of it runs, or is to run, on a node. */
  get hasPods(): boolean {
    return this.#parts.node?.hasPods ?? false;
  }

  /** From now on; what runs already goes on as it was begun until somebody ends it. */
  setSandboxed(isSandboxed: boolean): void {
    this.#parts.setSandboxed(isSandboxed);
  }

  /** Those certificates are believed no more, nor is what they opened and is still open. */
  revoke(revoked: readonly Revocation[]): void {
    this.#parts.revoke(revoked);
    for (const { cut } of [...this.#connections]) cut();
  }

  configure({ quota, machine, nodeRanges }: GuestSettings): void {
    this.#parts.store.quota = quota;
    this.#parts.setMachineQuota(machine);
    this.#parts.setNodeRanges(nodeRanges);
  }

  /** Copies its objects, as they are now, to a new file; it serves on. */
  backup(file: string): Promise<void> {
    return this.#parts.store.backup(file);
  }

  /** Has tokens that are objects signed by the key that signs now. */
  renewTokens(): Promise<void> {
    return renewTokens(this.#parts.plane.client('sampan-server'));
  }

  /** Resolves when it serves. Throws the store's `SampanError`s. */
  static async open(options: GuestOptions): Promise<Guest> {
    const { name, file, keys, version, externalAddress, log, ranges, node: machine } = options;
    const apiAddress = apiAddressOf({ serviceRange: ranges.services });
    const store = new QuotaStore(openSqliteStore({ file, cacheKiB: 64, isFleeting: isHeartbeat }));
    const isNew = store.revision === 0;
    /** What is to be ended when the rest cannot be begun, the last first. */
    const begun: (() => unknown)[] = [() => store.close()];
    try {
      let revocations = new Revocations(keys.revoked);
      const joined = new JoinedNodes(keys, options.nodeRanges);
      const signing = new SigningKeys(keys.serviceAccountKey, keys.olderServiceAccountKeys);
      const plane = await createControlPlane({
        store,
        clientCa: keys.trusted,
        isBehindListener: true,
        isRevoked: (certificate) => revocations.has(certificate),
        keys: signing,
        frontProxy: options.frontProxy,
        version,
        log,
        externalAddress,
        serviceRange: ranges.services,
        policy: componentPolicy,
        ...guestWays(machine, joined),
      });
      begun.push(() => plane.stop());
      const timers = new TimerBook(systemClock, options.planned);
      let quota = options.machineQuota;
      let { isSandboxed } = options;
      // one after the other: the newest quota is told last
      let ensured: Promise<unknown> = Promise.resolve();
      const ensureNode = (): Promise<unknown> => {
        const ensure = async () =>
          machine && makeNodeObjects(plane.client('sampan-server'), { ...machine, quota });
        ensured = ensured.then(ensure, ensure);
        return ensured;
      };
      const begin = async (): Promise<Work> => {
        const controllers = startControllers({
          client: (manager) => plane.client(manager),
          clock: timers,
          log,
          rootCa: keys.trusted,
          signer: keys.authority,
          ...(options.pullSecret ? { pullSecret: options.pullSecret } : {}),
          issueToken: (account, secret) => issueLegacyToken(signing, account, secret),
          apiService: {
            clusterIP: apiAddress,
            port: API_PORT,
            ...(machine ? { address: machine.network.link.host } : {}),
          },
          // it is there whenever this process is, and tells nothing while there are no pods; others join from outside
          isHosted: (node) => node === machine?.name,
        });
        try {
          await controllers.ready;
          await ensureNode();
          const scheduler = startScheduler({ client: plane.client('kube-scheduler'), clock: timers, log });
          return { controllers, scheduler };
        } catch (error) {
          await controllers.stop();
          throw error;
        }
      };
      // one that was there before lacks nothing: who wakes it need not wait for those who look after it
      const work = isNew ? begin() : nextTurn().then(begin);
      begun.push(() => endWork(work));
      if (isNew) await work;
      else
        work.catch((error: unknown) => log.error('a cluster is not looked after', { cluster: name, error }));
      const endMachine = machine ? serveMachine(plane, machine, log) : () => {};
      const approver = new ServingApprover({ plane, mayBeAt: (address) => joined.mayBeAt(address), log });
      const inside = new InsideListener(keys, plane.api, apiAddress);
      const node =
        machine &&
        new GuestNode({
          name,
          node: machine.name,
          reader: plane.reader,
          caller: machine.caller,
          clock: systemClock,
          log,
          changed: options.podsChanged ?? (() => {}),
          taken: options.networkTaken ?? (() => {}),
          request: async () => ({
            network: machine.network.index,
            ranges,
            port: await inside.port(),
            ca: keys.trusted,
            credentials: issueNodeCredentials(keys.authority, machine.name),
            isSandboxed,
            quota,
          }),
        });
      const setMachineQuota = (next: MachineQuota): void => {
        if (deepEqual(next, quota)) return;
        quota = next;
        node?.ask();
        ensureNode().catch((error: unknown) =>
          log.error('the quota of a cluster', { cluster: name, error: messageOf(error) }),
        );
      };
      const setSandboxed = (next: boolean): void => {
        isSandboxed = next;
        node?.ask();
      };
      const setNodeRanges = (ranges: readonly string[]): void => {
        joined.ranges = ranges;
        approver.look();
      };
      // what every cluster has does not count
      store.quota = options.quota;
      const revoke = (revoked: readonly Revocation[]): void => {
        revocations = new Revocations(revoked);
      };
      const stopNodes = plane.reader.watch('nodes', ({ type }) => {
        if (type !== 'modified') options.nodesChanged?.();
      });
      const end = async (): Promise<void> => {
        stopNodes();
        approver.close();
        endMachine();
        await ensured.catch(() => undefined);
      };
      return new Guest({
        plane,
        store,
        work,
        timers,
        node,
        inside,
        setMachineQuota,
        setSandboxed,
        setNodeRanges,
        revoke,
        end,
      });
    } catch (error) {
      for (const end of begun.reverse()) await end();
      throw error;
    }
  }

  /**
   * Ends it; what it acknowledged is on disk. `stopNode`: the machine has nothing to do for it any more. May be called
   * twice.
   */
  close({ stopNode }: { readonly stopNode: boolean }): Promise<void> {
    this.#closing ??= this.#close(stopNode);
    return this.#closing;
  }

  async #close(stopNode: boolean): Promise<void> {
    const { work, plane, store, node, inside, end } = this.#parts;
    await node?.close({ stop: stopNode });
    await inside.close();
    await endWork(work);
    await end();
    for (const { cut } of [...this.#connections]) cut();
    plane.stop();
    await store.close();
  }
}

async function endWork(work: Promise<Work>): Promise<void> {
  const working = await work.catch(() => undefined);
  await working?.scheduler.stop();
  await working?.controllers.stop();
}
