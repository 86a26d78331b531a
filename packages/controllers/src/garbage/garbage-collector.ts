import { type Client, EventRecorder, REFS, Reconciler, Reflector } from '@sampan/machinery';
import type { Controller, ControllerContext } from '../controller.ts';
import { OwnerGraph, type Work } from './graph.ts';
import { Monitor } from './monitor.ts';
import { ResourceMap } from './resource-map.ts';
import { Sweep, UnknownKind } from './sweep.ts';

const WORKERS = 20;
/** Discovery may lag behind the definition that changed it. */
const DISCOVERY_LOOKS_MS = [0, 1000, 5000];
/** A resource that cannot be listed must not hold up all others. */
const MONITOR_PATIENCE_MS = 30_000;

/**
 * Deletes objects whose owners are gone, frees or deletes dependents as the deletion of an owner asked
 * (Kubernetes docs "Garbage Collection", "Use Cascading Deletion"). Watches all kinds, custom ones as they come and
 * go; remembers of objects only who owns whom.
 */
export function startGarbageCollector(context: ControllerContext): Controller {
  const collector = new GarbageCollector(context);
  collector.start();
  return collector;
}

class GarbageCollector implements Controller {
  readonly #context: ControllerContext;
  readonly #client: Client;
  readonly #graph = new OwnerGraph();
  readonly #monitors = new Map<string, Monitor>();
  /** Monitors whose first list is awaited; nothing is decided meanwhile. */
  readonly #awaited = new Set<string>();
  /** Work that came while monitors were awaited. */
  readonly #held = new Set<string>();
  /** Objects with owners of unknown kinds: looked at again when kinds change. */
  readonly #parked = new Set<string>();
  readonly #timers = new Set<() => void>();
  readonly #reconciler: Reconciler;
  readonly #definitions: Reflector;
  readonly #synced = Promise.withResolvers<void>();
  readonly #sweep: Sweep;
  readonly #events: EventRecorder;
  #stopped = false;
  #complete = false;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#client = context.client('generic-garbage-collector');
    const { clock, log } = context;
    this.#events = new EventRecorder({
      client: this.#client,
      clock,
      log,
      controller: 'garbage-collector-controller',
      instance: 'sampan',
    });
    this.#sweep = new Sweep(this.#client, this.#graph, new ResourceMap([]), this.#events);
    this.#reconciler = new Reconciler({
      name: 'garbage-collector',
      clock,
      log,
      workers: WORKERS,
      reconcile: (key) => this.#reconcile(key),
    });
    const changed = () => this.#definitionsChanged();
    this.#definitions = new Reflector(
      { client: this.#client, ref: REFS.customResourceDefinitions, clock, log },
      {
        beginList: () => {},
        endList: () => this.#reconciler.enqueue('discover'),
        put: changed,
        remove: changed,
      },
    );
  }

  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  start(): void {
    this.#reconciler.start();
    this.#reconciler.enqueue('discover');
    this.#definitions.start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#definitions.stop();
    for (const cancel of this.#timers) cancel();
    this.#events.stop();
    await this.#reconciler.stop();
    for (const monitor of this.#monitors.values()) monitor.stop();
    this.#monitors.clear();
  }

  #definitionsChanged(): void {
    for (const ms of DISCOVERY_LOOKS_MS) this.#later(ms, () => this.#reconciler.enqueue('discover'));
  }

  #later(ms: number, task: () => void): void {
    const cancel = this.#context.clock.schedule(() => {
      this.#timers.delete(cancel);
      if (!this.#stopped) task();
    }, ms);
    this.#timers.add(cancel);
  }

  async #reconcile(key: string): Promise<undefined> {
    if (key === 'discover') return this.#discover();
    if (this.#awaited.size > 0) {
      this.#held.add(key);
      return undefined;
    }
    const item = this.#graph.get(key.slice(2));
    if (!item) return undefined;
    try {
      if (key.startsWith('o:')) await this.#sweep.orphan(item);
      else for (const next of await this.#sweep.check(item)) this.#reconciler.enqueue(`c:${next.uid}`);
    } catch (error) {
      if (!(error instanceof UnknownKind)) throw error;
      this.#parked.add(key);
    }
    return undefined;
  }

  async #discover(): Promise<undefined> {
    const resources = new ResourceMap(await this.#client.resources());
    if (this.#stopped) return undefined;
    this.#sweep.resources = resources;
    for (const [name, monitor] of this.#monitors) {
      if (resources.collected.has(name)) continue;
      monitor.stop();
      this.#monitors.delete(name);
      this.#arrived(name);
    }
    for (const [name, ref] of resources.collected) {
      if (this.#monitors.has(name)) continue;
      const monitor = new Monitor({
        ...this.#context,
        client: this.#client,
        ref,
        graph: this.#graph,
        onWork: (work) => this.#enqueue(work),
        onSynced: () => this.#arrived(name),
      });
      this.#monitors.set(name, monitor);
      this.#awaited.add(name);
      if (this.#complete) this.#later(MONITOR_PATIENCE_MS, () => this.#arrived(name));
    }
    for (const name of [...this.#awaited]) this.#monitors.get(name)?.start();
    for (const key of this.#parked) this.#reconciler.enqueue(key);
    this.#parked.clear();
    return undefined;
  }

  #arrived(name: string): void {
    if (!this.#awaited.delete(name) || this.#awaited.size > 0) return;
    for (const key of this.#held) this.#reconciler.enqueue(key);
    this.#held.clear();
    this.#complete = true;
    this.#synced.resolve();
  }

  #enqueue({ check, orphan }: Work): void {
    for (const uid of orphan) this.#reconciler.enqueue(`o:${uid}`);
    for (const uid of check) this.#reconciler.enqueue(`c:${uid}`);
  }
}
