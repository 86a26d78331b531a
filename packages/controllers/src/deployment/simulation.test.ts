import { describe, expect, it } from 'vitest';
import { decideReplicas } from '../replicaset/replicas.ts';
import { replicaStatus } from '../replicaset/status.ts';
import { formatTime } from '../time.ts';
import type { Deployment, Pod, ReplicaSet } from '../workloads/objects.ts';
import { isActive, isAvailable } from '../workloads/pod-state.ts';
import { type Chance, chanceOf, deletedPod, NOW, podOf, withReady } from '../workloads/testing.ts';
import { decideDeployment, isToldAlready } from './decision.ts';
import { fenceposts, replicasOf, sum } from './replica-sets.ts';
import type { SetAction } from './rollout.ts';
import { isComplete } from './status.ts';
import { deploymentOf, templateOf } from './testing.ts';

/** The world as the API server holds it; controllers and kubelet act on it one at a time, in any order. */
class World {
  now = NOW;
  deployment: Deployment;
  readonly sets = new Map<string, ReplicaSet>();
  readonly pods = new Map<string, Pod>();
  readonly #chance: Chance;
  #counter = 0;

  constructor(chance: Chance, deployment: Deployment) {
    this.#chance = chance;
    this.deployment = deployment;
  }

  podsOf = (set: ReplicaSet): Pod[] =>
    [...this.pods.values()].filter((pod) => pod.metadata.ownerReferences?.[0]?.uid === set.metadata.uid);

  get active(): Pod[] {
    return [...this.pods.values()].filter(isActive);
  }

  get available(): number {
    return this.active.filter((pod) => isAvailable(pod, 0, this.now)).length;
  }

  /** True when it did something. `sets`: what the controller sees. */
  stepDeployment(sets: readonly ReplicaSet[] = [...this.sets.values()]): boolean {
    const { deployment, now } = this;
    const decision = decideDeployment({ deployment, sets, podsOf: this.podsOf, now });
    for (const action of decision.actions) if (!this.#write(action)) return true;
    const told = isToldAlready(deployment, decision);
    const metadata = { ...deployment.metadata, annotations: { ...decision.annotations } };
    if (!told) this.deployment = { ...deployment, metadata, status: decision.status };
    return !told || decision.actions.length > 0;
  }

  /** False: somebody wrote it before, so that what was decided is void. */
  #write({ type, set }: SetAction): boolean {
    const { name = '' } = set.metadata;
    const present = this.sets.get(name);
    if (type === 'create') {
      if (present) return false;
      const metadata = { ...set.metadata, uid: name, generation: 1, creationTimestamp: formatTime(this.now) };
      this.sets.set(name, { ...set, metadata });
    } else if (present?.metadata.generation !== set.metadata.generation) return false;
    else if (type === 'delete') this.sets.delete(name);
    else {
      const generation = (set.metadata.generation ?? 0) + 1;
      const status = present?.status ?? {};
      this.sets.set(name, { ...set, metadata: { ...set.metadata, generation }, status });
    }
    return true;
  }

  stepSet(set: ReplicaSet): boolean {
    const all = this.podsOf(set);
    const active = all.filter(isActive);
    const { create, remove } = decideReplicas(set, active, () => 0, this.now);
    for (let i = 0; i < create; i++) this.#makePod(set);
    for (const pod of remove) this.pods.set(pod.metadata.name ?? '', deletedPod(pod));
    const status = replicaStatus(set, { active, terminating: all.length - active.length, now: this.now });
    const changed = JSON.stringify(status) !== JSON.stringify(set.status);
    this.sets.set(set.metadata.name ?? '', { ...set, status });
    return changed || create + remove.length > 0;
  }

  #makePod(set: ReplicaSet): void {
    const name = `p${this.#counter++}`;
    const spec = set.spec.template?.spec ?? {};
    this.pods.set(name, podOf(name, { owner: set.metadata.uid ?? '', node: 'n', spec, created: this.now }));
  }

  /** Something that happens to a pod; `harm`: also what nobody wants. */
  stepPod(harm: boolean): void {
    if (this.pods.size === 0) return;
    const pod = this.#chance.pick([...this.pods.values()]);
    const { name = '' } = pod.metadata;
    if (!isActive(pod)) this.pods.delete(name);
    else if (harm && this.#chance.once(4)) this.pods.set(name, { ...pod, status: { phase: 'Failed' } });
    else if (harm && this.#chance.number(3) === 0) this.pods.set(name, withReady(pod, undefined));
    else if (pod.spec.containers?.[0]?.image !== 'broken') this.pods.set(name, withReady(pod, this.now));
  }

  /** Everybody acts in any order, until nobody has anything to do. */
  settle(check: () => void = () => {}): void {
    for (let round = 0; round < 400; round++) {
      this.now += 100;
      let busy = this.#finishPods();
      const turns = [
        () => this.stepDeployment(),
        ...[...this.sets.values()].map(
          (set) => () => this.stepSet(this.sets.get(set.metadata.name ?? '') ?? set),
        ),
      ];
      if (this.#chance.once(2)) turns.reverse();
      for (const turn of turns) {
        if (turn()) busy = true;
        check();
      }
      if (!busy) return;
    }
    throw new Error('it does not settle');
  }

  #finishPods(): boolean {
    let busy = false;
    for (const pod of [...this.pods.values()]) {
      const before = JSON.stringify(pod);
      if (this.#chance.once(3)) this.stepPod(false);
      if (!isActive(pod)) this.pods.delete(pod.metadata.name ?? '');
      else if (!isAvailable(pod, 0, this.now) && pod.spec.containers?.[0]?.image !== 'broken')
        this.pods.set(pod.metadata.name ?? '', withReady(pod, this.now));
      busy ||= before !== JSON.stringify(this.pods.get(pod.metadata.name ?? ''));
    }
    return busy;
  }

  change(change: Partial<Deployment['spec']>): void {
    const { metadata, spec } = this.deployment;
    const generation = (metadata.generation ?? 0) + 1;
    this.deployment = {
      ...this.deployment,
      metadata: { ...metadata, generation },
      spec: { ...spec, ...change },
    };
  }
}

const LIMITS = [0, 1, 2, '25%', '50%', '100%'];

function randomWorld(seed: number): { chance: Chance; world: World } {
  const chance = chanceOf(seed);
  const deployment = deploymentOf({
    replicas: chance.number(12),
    maxSurge: chance.pick(LIMITS),
    maxUnavailable: chance.pick(LIMITS),
    image: 'i0',
    spec: { revisionHistoryLimit: chance.number(4) },
  });
  return { chance, world: new World(chance, deployment) };
}

function expectDone(world: World): void {
  const { deployment } = world;
  const { image } = deployment.spec.template.spec?.containers?.[0] ?? {};
  expect(world.active).toHaveLength(replicasOf(deployment));
  for (const pod of world.active) expect(pod.spec.containers?.[0]?.image).toBe(image);
  expect(isComplete(deployment, deployment.status ?? {})).toBe(true);
  const old = [...world.sets.values()].filter(
    (set) => set.spec.template?.spec?.containers?.[0]?.image !== image,
  );
  expect(old.length).toBeLessThanOrEqual(deployment.spec.revisionHistoryLimit ?? 0);
  expect(sum(old, replicasOf)).toBe(0);
}

const SEEDS = Array.from({ length: 60 }, (_, seed) => seed + 1);

describe('a Deployment in a world of chance', () => {
  it.each(SEEDS)('rolls without ever leaving its limits (seed %i)', (seed) => {
    const { chance, world } = randomWorld(seed);
    world.settle();
    expectDone(world);
    const desired = replicasOf(world.deployment);
    const { surge, unavailable } = fenceposts(world.deployment);
    const check = () => {
      expect(world.active.length).toBeLessThanOrEqual(desired + surge);
      expect(world.available).toBeGreaterThanOrEqual(desired - unavailable);
    };
    for (let roll = 1; roll <= 3; roll++) {
      // another template comes before the last one is everywhere
      world.change({ template: templateOf(`i${roll}`) });
      for (let step = 0; step < 40; step++) {
        world.now += 50;
        const turn = chance.number(3);
        if (turn === 0) world.stepDeployment();
        else if (turn === 1 && world.sets.size > 0) world.stepSet(chance.pick([...world.sets.values()]));
        else world.stepPod(false);
        check();
      }
    }
    world.settle(check);
    expectDone(world);
  });

  it.each(SEEDS)('ends as it should whatever happens to it and its pods (seed %i)', (seed) => {
    const { chance, world } = randomWorld(seed);
    for (let step = 0; step < 250; step++) {
      world.now += chance.number(2000);
      const before = sum([...world.sets.values()], replicasOf);
      const most = replicasOf(world.deployment) + fenceposts(world.deployment).surge;
      const turn = chance.number(8);
      if (turn === 0) randomChange(chance, world);
      else if (turn <= 2) {
        world.stepDeployment();
        // what it does itself never makes more pods than there may be
        expect(sum([...world.sets.values()], replicasOf)).toBeLessThanOrEqual(Math.max(before, most));
      } else if (turn <= 4 && world.sets.size > 0) world.stepSet(chance.pick([...world.sets.values()]));
      else world.stepPod(true);
    }
    world.change({ paused: false, template: templateOf(`i${chance.number(4)}`) });
    world.settle();
    expectDone(world);
  });

  it.each(SEEDS.slice(0, 20))('keeps its limits when it sees old states (seed %i)', (seed) => {
    const { chance, world } = randomWorld(seed);
    world.settle();
    const most = replicasOf(world.deployment) + fenceposts(world.deployment).surge;
    world.change({ template: templateOf('i1') });
    let seen = [...world.sets.values()];
    for (let step = 0; step < 200; step++) {
      if (chance.once(3)) seen = [...world.sets.values()];
      const turn = chance.number(3);
      if (turn === 0) world.stepDeployment(seen);
      else if (turn === 1) world.stepSet(chance.pick([...world.sets.values()]));
      else world.stepPod(false);
      expect(sum([...world.sets.values()], replicasOf)).toBeLessThanOrEqual(most);
    }
    world.settle();
    expectDone(world);
  });
});

function randomChange(chance: Chance, world: World): void {
  const strategies = ['RollingUpdate', 'RollingUpdate', 'Recreate'];
  const changes: Partial<Deployment['spec']>[] = [
    { replicas: chance.number(12) },
    { template: templateOf(chance.pick(['i0', 'i1', 'i2', 'broken'])) },
    { paused: chance.once(2) },
    {
      strategy: {
        type: chance.pick(strategies),
        rollingUpdate: { maxSurge: chance.pick(LIMITS), maxUnavailable: chance.pick(LIMITS) },
      },
    },
  ];
  world.change(chance.pick(changes));
}
