import type { k8s } from '@sampan/api';
import { describe, expect, it } from 'vitest';
import type { Decision, FailDecision } from '../src/decision.ts';
import type { Node, Pod } from '../src/types.ts';
import { Harness } from './harness.ts';
import { isFeasible } from './naive-model.ts';
import { podOf } from './objects.ts';
import { Random } from './random.ts';
import { APPS, randomNode, randomSpec } from './random-objects.ts';

/** A cluster in which things happen at random, with every decision judged by the naive model. */
class Simulation {
  readonly harness = new Harness();
  readonly nodes = new Map<string, Node>();
  readonly waiting = new Map<string, Pod>();
  readonly #random: Random;
  readonly #priorities: readonly number[];
  readonly #specs: k8s.PodSpec[];
  readonly #leaving = new Set<string>();
  #count = 0;
  decisions = 0;

  constructor(seed: number, priorities: readonly number[] = [0]) {
    this.#random = new Random(seed);
    this.#priorities = priorities;
    // few, so that classes are used again
    this.#specs = Array.from({ length: 12 }, () => randomSpec(this.#random));
    for (let i = 0; i < 6; i++) this.addNode();
  }

  readonly judge = (decision: Decision): void => {
    this.decisions++;
    const name = decision.pod.metadata.name ?? '';
    const feasible = this.feasibleFor(decision.pod);
    if (decision.kind === 'bind') {
      expect(feasible, `${name} put on ${decision.node}`).toContain(decision.node);
      this.waiting.delete(name);
    } else if (this.#priorities.length > 1) this.#judgeVictims(decision);
    else expect(feasible, `${name}: ${decision.message}`).toEqual([]);
  };

  /** Room that was made for others is not free, so that not all that looks free is. */
  #judgeVictims({ pod, victims, nominatedNode }: FailDecision): void {
    if (victims.length === 0) return;
    const names = new Set(victims.map(({ metadata }) => metadata.name));
    for (const victim of victims) {
      expect(victim.spec?.nodeName).toBe(nominatedNode);
      expect(victim.spec?.priority ?? 0).toBeLessThan(pod.spec?.priority ?? 0);
    }
    const others = [...this.harness.placed.values()].filter(
      ({ metadata: { name = '' }, spec }) =>
        !names.has(name) && !(this.#leaving.has(name) && spec?.nodeName === nominatedNode),
    );
    const node = this.nodes.get(nominatedNode);
    expect(node && isFeasible(pod, node, [...this.nodes.values()], others)).toBe(true);
    for (const name of names) this.#leaving.add(name ?? '');
  }

  /** Those that were told to leave do; false: there were none. */
  letGo(): boolean {
    const were = this.#leaving.size > 0;
    for (const name of this.#leaving) this.harness.remove(name);
    this.#leaving.clear();
    return were;
  }

  feasibleFor(pod: Pod): string[] {
    const nodes = [...this.nodes.values()];
    const placed = [...this.harness.placed.values()];
    return nodes
      .filter((node) => isFeasible(pod, node, nodes, placed))
      .map(({ metadata }) => metadata.name ?? '');
  }

  addNode(name = `n${this.#count++}`): void {
    const node = randomNode(this.#random, name);
    this.nodes.set(name, node);
    this.harness.core.putNode(node);
  }

  step(): void {
    const random = this.#random;
    const dice = random.below(100);
    if (dice < 60) this.#addPod();
    else if (dice < 85) this.#removePod();
    else if (dice < 92 && this.nodes.size > 0) this.addNode(random.pick([...this.nodes.keys()]));
    else if (dice < 96 && this.nodes.size < 10) this.addNode();
    else if (this.nodes.size > 3) {
      const name = random.pick([...this.nodes.keys()]);
      this.nodes.delete(name);
      this.harness.core.removeNode(name);
    }
    if (random.chance(0.7)) this.harness.run(this.judge);
  }

  /** Whoever still waits cannot be anywhere: no event that helps was overlooked. */
  checkWaiting(): void {
    this.harness.settle(this.judge);
    for (const pod of this.waiting.values())
      expect(this.feasibleFor(pod), `${pod.metadata.name} was forgotten`).toEqual([]);
  }

  #addPod(): void {
    const name = `p${this.#count++}`;
    const pod = podOf(
      name,
      {},
      {
        labels: { app: this.#random.pick(APPS) },
        spec: { ...this.#random.pick(this.#specs), priority: this.#random.pick(this.#priorities) },
      },
    );
    this.waiting.set(name, pod);
    this.harness.add(pod);
  }

  #removePod(): void {
    const names = [...this.harness.placed.keys()];
    if (names.length > 0) this.harness.remove(this.#random.pick(names));
  }
}

describe('random clusters', () => {
  it.each(Array.from({ length: 200 }, (_, i) => i + 1))(
    'get the decisions that a naive model allows, and no pod is forgotten (seed %i)',
    (seed) => {
      const simulation = new Simulation(seed);
      for (let i = 0; i < 120; i++) {
        simulation.step();
        if (i % 30 === 29) simulation.checkWaiting();
      }
      expect(simulation.decisions).toBeGreaterThan(20);
    },
  );

  it.each(Array.from({ length: 100 }, (_, i) => i + 1))(
    'make pods leave only for more important ones that then fit, and end with nobody waiting for nothing (seed %i)',
    (seed) => {
      const simulation = new Simulation(seed, [0, 0, 5, 10]);
      for (let i = 0; i < 120; i++) {
        simulation.step();
        if (i % 4 === 3) simulation.letGo();
      }
      do simulation.harness.settle(simulation.judge);
      while (simulation.letGo());
      simulation.checkWaiting();
      expect(simulation.decisions).toBeGreaterThan(20);
    },
  );
});
