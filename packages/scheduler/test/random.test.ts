import type { k8s } from '@sampan/api';
import { describe, expect, it } from 'vitest';
import type { Decision } from '../src/decision.ts';
import type { Node, Pod } from '../src/types.ts';
import { Harness } from './harness.ts';
import { isFeasible } from './naive-model.ts';
import { nodeOf, podOf } from './objects.ts';

/** Small, fast, seeded (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

class Random {
  readonly #next: () => number;
  constructor(seed: number) {
    this.#next = randomOf(seed);
  }
  below(n: number): number {
    return Math.floor(this.#next() * n);
  }
  chance(p: number): boolean {
    return this.#next() < p;
  }
  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }
}

const APPS = ['a', 'b', 'c'];
const ZONES = ['x', 'y', 'z'];
const ZONE = 'topology.kubernetes.io/zone';
const HOST = 'kubernetes.io/hostname';

function randomNode(random: Random, name: string): Node {
  const taint = { key: 'team', value: random.pick(APPS), effect: 'NoSchedule' };
  const labels = {
    ...(random.chance(0.8) ? { [ZONE]: random.pick(ZONES) } : {}),
    ...(random.chance(0.5) ? { disk: random.pick(['ssd', 'hdd']) } : {}),
    rank: String(random.below(5)),
  };
  const amounts = {
    cpu: random.pick(['1', '2', '4']),
    memory: random.pick(['1Gi', '4Gi']),
    pods: random.pick(['3', '10', '110']),
    ...(random.chance(0.2) ? { 'example.com/gpu': '2' } : {}),
  };
  const spec = {
    ...(random.chance(0.2) ? { taints: [taint] } : {}),
    ...(random.chance(0.05) ? { unschedulable: true } : {}),
  };
  return nodeOf(name, amounts, { metadata: { labels }, spec });
}

function randomSpec(random: Random): k8s.PodSpec {
  const selector = (): k8s.LabelSelector =>
    random.chance(0.8)
      ? { matchLabels: { app: random.pick(APPS) } }
      : { matchExpressions: [{ key: 'app', operator: 'NotIn', values: [random.pick(APPS)] }] };
  const term = (): k8s.PodAffinityTerm => ({
    topologyKey: random.pick([ZONE, HOST]),
    labelSelector: selector(),
    ...(random.chance(0.2) ? { namespaceSelector: {} } : {}),
  });
  const requirement = (): k8s.NodeSelectorRequirement =>
    random.pick([
      { key: 'disk', operator: 'In', values: ['ssd'] },
      { key: 'disk', operator: 'DoesNotExist' },
      { key: 'rank', operator: 'Gt', values: ['1'] },
      { key: ZONE, operator: 'NotIn', values: ['x'] },
    ]);
  const affinity: k8s.Affinity = {
    ...(random.chance(0.2)
      ? {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                { matchExpressions: [requirement()] },
                { matchExpressions: [requirement()] },
              ],
            },
          },
        }
      : {}),
    ...(random.chance(0.15)
      ? { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term()] } }
      : {}),
    ...(random.chance(0.15)
      ? {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [term()],
            preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 5, podAffinityTerm: term() }],
          },
        }
      : {}),
  };
  const spread = (): k8s.TopologySpreadConstraint => ({
    topologyKey: random.pick([ZONE, HOST]),
    maxSkew: 1 + random.below(2),
    whenUnsatisfiable: random.pick(['DoNotSchedule', 'DoNotSchedule', 'ScheduleAnyway']),
    labelSelector: selector(),
    ...(random.chance(0.3) ? { nodeTaintsPolicy: 'Honor' } : {}),
  });
  const minDomains = random.chance(0.2) ? { minDomains: 1 + random.below(4) } : {};
  return {
    affinity,
    ...(random.chance(0.2) ? { tolerations: [{ key: 'team', operator: 'Exists' }] } : {}),
    ...(random.chance(0.1) ? { nodeSelector: { disk: 'hdd' } } : {}),
    ...(random.chance(0.2)
      ? {
          topologySpreadConstraints: [
            ...(random.chance(0.3) ? [spread()] : []),
            { ...spread(), whenUnsatisfiable: 'DoNotSchedule', ...minDomains },
          ],
        }
      : {}),
    containers: [
      {
        name: 'c',
        image: 'c:1',
        ...(random.chance(0.1) ? { ports: [{ containerPort: 80, hostPort: 80 + random.below(2) }] } : {}),
        resources: {
          requests: {
            cpu: random.pick(['100m', '300m', '1']),
            memory: random.pick(['100Mi', '500Mi']),
            ...(random.chance(0.1) ? { 'example.com/gpu': '1' } : {}),
          },
        },
      },
    ],
  };
}

/** A cluster in which things happen at random, with every decision judged by the naive model. */
class Simulation {
  readonly harness = new Harness();
  readonly nodes = new Map<string, Node>();
  readonly waiting = new Map<string, Pod>();
  readonly #random: Random;
  readonly #specs: k8s.PodSpec[];
  #count = 0;
  decisions = 0;

  constructor(seed: number) {
    this.#random = new Random(seed);
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
    } else expect(feasible, `${name}: ${decision.message}`).toEqual([]);
  };

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
      { labels: { app: this.#random.pick(APPS) }, spec: this.#random.pick(this.#specs) },
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
      expect(simulation.decisions).toBeGreaterThan(50);
    },
  );
});
