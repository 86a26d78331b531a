import { describe, expect, it } from 'vitest';
import type { DaemonSet, Node, Pod } from '../workloads/objects.ts';
import { isActive, isAvailable, isTerminating } from '../workloads/pod-state.ts';
import { scaledValue } from '../workloads/scaled.ts';
import { type Chance, chanceOf, deletedPod, NOW, withReady } from '../workloads/testing.ts';
import { decideDaemonSet } from './decision.ts';
import { eligibility } from './eligibility.ts';
import { targetNode } from './pod-template.ts';
import { nodeOf, podOn, rolling, setOf, taint } from './testing.ts';

/** The world as the API server holds it; controller and kubelets act on it in any order. */
class World {
  now = NOW;
  hash = 'h0';
  set: DaemonSet;
  readonly nodes = new Map<string, Node>();
  readonly pods = new Map<string, Pod>();
  readonly #chance: Chance;
  #counter = 0;

  constructor(chance: Chance, set: DaemonSet) {
    this.#chance = chance;
    this.set = set;
  }

  /** True when it did something. */
  step(): boolean {
    const { set, hash, now } = this;
    const decision = decideDaemonSet({
      set,
      hash,
      now,
      nodes: [...this.nodes.values()],
      pods: [...this.pods.values()],
      failureDelay: () => 0,
    });
    for (const node of decision.create) {
      const name = `p${this.#counter++}`;
      this.pods.set(name, podOn(node, name, hash, { created: now }));
    }
    for (const pod of decision.remove) this.pods.set(pod.metadata.name ?? '', deletedPod(pod));
    return decision.create.length + decision.remove.length > 0;
  }

  /** Something that happens to a pod; `harm`: also what nobody wants. */
  stepPod(harm: boolean): void {
    if (this.pods.size === 0) return;
    const pod = this.#chance.pick([...this.pods.values()]);
    const { name = '' } = pod.metadata;
    if (isTerminating(pod)) this.pods.delete(name);
    else if (!isActive(pod)) return;
    else if (harm && this.#chance.once(4)) this.pods.set(name, { ...pod, status: { phase: 'Failed' } });
    else if (harm && this.#chance.number(3) === 0) this.pods.set(name, withReady(pod, undefined));
    else this.pods.set(name, withReady(pod, this.now));
  }

  stepNode(): void {
    const name = `n${this.#chance.number(6)}`;
    if (this.#chance.once(3)) {
      this.nodes.delete(name);
      // pod garbage collection
      for (const [key, pod] of this.pods) if (pod.spec.nodeName === name) this.pods.delete(key);
    } else {
      const taints = this.#chance.once(2) ? [taint(this.#chance.pick(['NoSchedule', 'NoExecute']))] : [];
      this.nodes.set(name, nodeOf(name, taints));
    }
  }

  settle(check: () => void = () => {}): void {
    for (let round = 0; round < 200; round++) {
      this.now += 1000;
      let busy = false;
      for (const [name, pod] of this.pods) {
        if (isTerminating(pod)) this.pods.delete(name);
        else if (isActive(pod) && !isAvailable(pod, 0, this.now))
          this.pods.set(name, withReady(pod, this.now));
        else continue;
        busy = true;
      }
      check();
      if (this.step()) busy = true;
      check();
      if (!busy) return;
    }
    throw new Error('it does not settle');
  }

  living(node: string): Pod[] {
    return [...this.pods.values()].filter((pod) => targetNode(pod) === node && isActive(pod));
  }

  get down(): number {
    const wanted = [...this.nodes.values()].filter((node) => eligibility(this.set, node).run);
    return wanted.filter(
      ({ metadata: { name = '' } }) => !this.living(name).some((pod) => isAvailable(pod, 0, this.now)),
    ).length;
  }

  get extra(): number {
    return [...this.nodes.keys()].filter((name) => this.living(name).length > 1).length;
  }
}

function expectDone(world: World): void {
  expect(world.down).toBe(0);
  for (const node of world.nodes.values()) {
    const { run, stay } = eligibility(world.set, node);
    const living = world.living(node.metadata.name ?? '');
    expect(living.length).toBeLessThanOrEqual(stay ? 1 : 0);
    if (!run) continue;
    expect(living).toHaveLength(1);
    expect(living[0]?.metadata.labels?.['controller-revision-hash']).toBe(world.hash);
  }
}

const SEEDS = Array.from({ length: 60 }, (_, seed) => seed + 1);
const LIMITS = [1, 2, '25%', '50%'];

function randomWorld(seed: number): { chance: Chance; world: World; limit: number; surges: boolean } {
  const chance = chanceOf(seed);
  const surges = chance.once(2);
  const limit = chance.pick(LIMITS);
  const world = new World(chance, setOf(surges ? rolling(limit, 0) : rolling(0, limit)));
  const count = 1 + chance.number(6);
  for (let i = 0; i < count; i++) world.nodes.set(`n${i}`, nodeOf(`n${i}`));
  return { chance, world, limit: scaledValue(limit, count, true), surges };
}

describe('a DaemonSet in a world of chance', () => {
  it.each(SEEDS)('updates without ever leaving its limits (seed %i)', (seed) => {
    const { chance, world, limit, surges } = randomWorld(seed);
    world.settle();
    expectDone(world);
    const check = () => {
      expect(world.down).toBeLessThanOrEqual(surges ? 0 : limit);
      expect(world.extra).toBeLessThanOrEqual(surges ? limit : 0);
    };
    for (let roll = 1; roll <= 3; roll++) {
      world.hash = `h${roll}`;
      for (let step = 0; step < 30; step++) {
        world.now += 500;
        if (chance.once(2)) world.step();
        else world.stepPod(false);
        check();
      }
    }
    world.settle(check);
    expectDone(world);
  });

  it.each(SEEDS)('ends as it should whatever happens to nodes and pods (seed %i)', (seed) => {
    const { chance, world } = randomWorld(seed);
    for (let step = 0; step < 200; step++) {
      world.now += chance.number(2000);
      const turn = chance.number(8);
      if (turn === 0) world.hash = `h${chance.number(4)}`;
      else if (turn === 1) world.stepNode();
      else if (turn <= 4) world.step();
      else world.stepPod(true);
    }
    world.settle();
    expectDone(world);
  });
});
