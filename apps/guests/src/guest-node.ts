import type { KubeObject, k8s } from '@sampan/api';
import { type Clock, type Logger, messageOf, SampanError } from '@sampan/base';
import type { NodeRequest } from '@sampan/clusters';
import type { ObjectReader } from '@sampan/machinery';
import type { NodeCaller } from './node-caller.ts';

export interface GuestNodeOptions {
  readonly name: string;
  /** The machine's name as a node; others look after their own pods. */
  readonly node: string;
  readonly reader: ObjectReader;
  readonly caller: NodeCaller;
  /** What is asked for; makes the cluster reachable from inside when it is not yet. */
  readonly request: () => Promise<NodeRequest>;
  /** Told when it has its first pod, or its last one is over. */
  readonly changed: (hasPods: boolean) => void;
  /** Told when the cluster's network is another's by now; this one is closed then. */
  readonly taken: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

const RETRY_MS = 2000;
/** The machine is given new certificates so often; they are good for more than four times that. */
const RENEW_MS = 20 * 24 * 3_600_000;
/** Without pods for so long the machine works no more for the cluster. */
const LINGER_MS = 60_000;

/**
 * Has the machine work for a cluster while it has pods, and not longer: an idle cluster costs the node process
 * nothing.
 */
export class GuestNode {
  readonly #options: GuestNodeOptions;
  readonly #stopWatching: () => void;
  readonly #stopListening: () => void;
  /** Pods that are bound to a node and not over, by uid: to the machine, and to nodes that joined. */
  readonly #pods = new Set<string>();
  readonly #others = new Set<string>();
  #state: 'off' | 'starting' | 'on' = 'off';
  /** How often the machine's side was lost, and with it what it was asked for. */
  #losses = 0;
  #hadPods = false;
  #cancel = (): void => {};
  #cancelRenewal = (): void => {};
  #work: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: GuestNodeOptions) {
    this.#options = options;
    const { reader } = options;
    for (const pod of reader.list('pods')) this.#note(pod, false);
    this.#stopWatching = reader.watch('pods', ({ type, object }) => {
      if (this.#note(object, type === 'deleted')) this.#look();
    });
    this.#stopListening = options.caller.onLost(() => this.#lose());
    this.#look();
  }

  get hasPods(): boolean {
    return this.#pods.size + this.#others.size > 0;
  }

  /** Whether the machine has something to do. */
  get #hasWork(): boolean {
    return this.#pods.size > 0;
  }

  /** Stops asking. The machine works on for what still runs, unless `stop`. */
  async close({ stop }: { readonly stop: boolean }): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    this.#cancelRenewal();
    this.#stopWatching();
    this.#stopListening();
    await this.#work;
    if (!stop || this.#state === 'off') return;
    await this.#attempt(() => this.#options.caller.stop(this.#options.name, { end: false }));
  }

  /** What is to be asked for is something else now. */
  ask(): void {
    if (this.#hasWork || this.#state !== 'on') this.#lose();
    else this.#turn(() => this.#stop());
  }

  /** Whether that made a difference. */
  #note(object: KubeObject, isGone: boolean): boolean {
    const { metadata, spec, status } = object as KubeObject & k8s.Pod;
    const uid = metadata?.uid ?? '';
    const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed';
    // one that is being deleted still has a container to end
    const counts = !isGone && Boolean(spec?.nodeName) && (!isOver || Boolean(metadata?.deletionTimestamp));
    const pods = spec?.nodeName === this.#options.node ? this.#pods : this.#others;
    const had = pods.has(uid);
    if (counts) pods.add(uid);
    else pods.delete(uid);
    return counts !== had;
  }

  #lose(): void {
    this.#losses++;
    if (this.#state !== 'on') return;
    this.#state = 'off';
    this.#look();
  }

  #look(): void {
    if (this.#isClosed) return;
    if (this.hasPods !== this.#hadPods) {
      this.#hadPods = this.hasPods;
      this.#options.changed(this.hasPods);
    }
    if (this.#hasWork && this.#state === 'off') {
      this.#cancel();
      this.#turn(() => this.#start());
    } else if (!this.#hasWork && this.#state === 'on') {
      this.#cancel();
      this.#cancel = this.#options.clock.schedule(() => this.#turn(() => this.#stop()), LINGER_MS);
    } else if (this.#hasWork) this.#cancel();
  }

  #turn(task: () => Promise<void>): void {
    this.#work = this.#work.then(task);
  }

  async #start(): Promise<void> {
    if (this.#isClosed || !this.#hasWork || this.#state !== 'off') return;
    const { caller, name, request, clock } = this.#options;
    this.#state = 'starting';
    const losses = this.#losses;
    const isOn = await this.#attempt(async () => caller.start(name, await request()));
    this.#state = isOn && this.#losses === losses ? 'on' : 'off';
    this.#cancelRenewal();
    if (isOn && !this.#isClosed) this.#cancelRenewal = clock.schedule(() => this.ask(), RENEW_MS);
    if (!isOn && !this.#isClosed) this.#cancel = clock.schedule(() => this.#look(), RETRY_MS);
    else this.#look();
  }

  async #stop(): Promise<void> {
    if (this.#isClosed || this.#hasWork || this.#state !== 'on') return;
    const { caller, name } = this.#options;
    const isOff = await this.#attempt(() => caller.stop(name, { end: false }));
    if (isOff) {
      this.#state = 'off';
      this.#cancelRenewal();
    }
    this.#look();
  }

  async #attempt(task: () => Promise<void>): Promise<boolean> {
    try {
      await task();
      return true;
    } catch (error) {
      if (error instanceof SampanError && error.code === 'network-taken') this.#options.taken();
      this.#options.log.warn('the node of a cluster', {
        cluster: this.#options.name,
        error: messageOf(error),
      });
      return false;
    }
  }
}
