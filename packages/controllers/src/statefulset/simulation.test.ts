import type { Claim } from '@sampan/machinery';
import { describe, expect, it } from 'vitest';
import type { ControllerRevision, Pod, StatefulSet } from '../workloads/objects.ts';
import { isActive, isAvailable, isTerminating } from '../workloads/pod-state.ts';
import { planRevision, templateOf as templateOfRevision } from '../workloads/revisions.ts';
import { type Chance, chanceOf, deletedPod, NOW, withReady } from '../workloads/testing.ts';
import { decideStatefulSet, type StatefulSetAction } from './decision.ts';
import { isInRange, ordinalOf, podName, replicasOf, startOrdinal } from './identity.ts';
import { sameStatefulSetStatus, statefulSetStatus } from './status.ts';
import { DATA, setOf, templateOf } from './testing.ts';

/** The world as the API server holds it; controller and kubelet act on it in any order. */
class World {
  now = NOW;
  set: StatefulSet;
  readonly pods = new Map<string, Pod>();
  readonly claims = new Map<string, Claim>();
  readonly revisions: ControllerRevision[] = [];
  readonly #chance: Chance;
  #counter = 0;

  constructor(chance: Chance, set: StatefulSet) {
    this.#chance = chance;
    this.set = set;
  }

  step(): readonly StatefulSetAction[] {
    const { set, now } = this;
    const update = this.#revision();
    const pods = [...this.pods.values()];
    const current =
      this.revisions.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update;
    const named = (revision: ControllerRevision) => ({
      name: revision.metadata.name ?? '',
      template: templateOfRevision(revision),
    });
    const actions = decideStatefulSet({
      set,
      pods,
      current: named(current),
      update: named(update),
      claim: (name) => this.claims.get(name),
      now,
    });
    const status = statefulSetStatus(set, {
      pods,
      current: named(current).name,
      update: named(update).name,
      collisionCount: 0,
      now,
    });
    this.set = { ...set, status };
    for (const action of actions) this.#do(action);
    this.busy = actions.length > 0 || !sameStatefulSetStatus(set.status ?? {}, status);
    return actions;
  }

  busy = false;

  #revision(): ControllerRevision {
    const { template } = this.set.spec;
    const plan = planRevision(template, this.revisions);
    if (plan.type === 'keep') return plan.revision;
    const number = plan.type === 'create' ? plan.number : plan.to;
    const index = plan.type === 'create' ? this.revisions.length : this.revisions.indexOf(plan.revision);
    const name = this.revisions[index]?.metadata.name ?? `r${index}`;
    const revision: ControllerRevision = {
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: { name },
      data: { spec: { template: { ...template, $patch: 'replace' } } },
      revision: number,
    };
    this.revisions[index] = revision;
    return revision;
  }

  #do(action: StatefulSetAction): void {
    if (action.type === 'updateClaim') {
      this.claims.set(action.claim.metadata.name ?? '', action.claim);
      return;
    }
    const { name = '' } = action.pod.metadata;
    if (action.type === 'delete') this.pods.set(name, deletedPod(action.pod));
    if (action.type === 'create' || action.type === 'update' || action.type === 'claims') {
      for (const claim of action.claims) {
        const { name: claimName = '' } = claim.metadata;
        if (!this.claims.has(claimName)) this.claims.set(claimName, claim);
      }
    }
    if (action.type !== 'create') return;
    expect(this.pods.has(name)).toBe(false);
    const metadata = { ...action.pod.metadata, uid: `${name}-${this.#counter++}` };
    this.pods.set(name, { ...action.pod, metadata, status: { phase: 'Pending' } });
  }

  /** Something that happens to a pod; `harm`: also what nobody wants. */
  stepPod(harm: boolean): void {
    if (this.pods.size === 0) return;
    const pod = this.#chance.pick([...this.pods.values()]);
    const { name = '' } = pod.metadata;
    if (isTerminating(pod)) this.#remove(pod);
    else if (!isActive(pod)) return;
    else if (harm && this.#chance.once(4)) this.pods.set(name, { ...pod, status: { phase: 'Failed' } });
    else if (harm && this.#chance.number(3) === 0) this.pods.set(name, withReady(pod, undefined));
    else if (harm && this.#chance.number(5) === 0) this.pods.set(name, deletedPod(pod));
    else this.pods.set(name, withReady(pod, this.now));
  }

  /** The garbage collector takes its claims with it when they are owned by it. */
  #remove(pod: Pod): void {
    this.pods.delete(pod.metadata.name ?? '');
    for (const [name, claim] of this.claims) {
      if (claim.metadata.ownerReferences?.some(({ uid }) => uid === pod.metadata.uid))
        this.claims.delete(name);
    }
  }

  settle(check: () => void = () => {}): void {
    for (let round = 0; round < 300; round++) {
      this.now += 100;
      let busy = false;
      for (const pod of [...this.pods.values()]) {
        if (isTerminating(pod)) this.#remove(pod);
        else if (isActive(pod) && !isAvailable(pod, 0, this.now))
          this.pods.set(pod.metadata.name ?? '', withReady(pod, this.now));
        else continue;
        busy = true;
        check();
      }
      this.step();
      check();
      if (!busy && !this.busy) return;
    }
    throw new Error('it does not settle');
  }

  change(change: Partial<StatefulSet['spec']>): void {
    const generation = (this.set.metadata.generation ?? 0) + 1;
    this.set = {
      ...this.set,
      metadata: { ...this.set.metadata, generation },
      spec: { ...this.set.spec, ...change },
    };
  }

  get down(): number {
    const start = startOrdinal(this.set);
    return Array.from({ length: replicasOf(this.set) }, (_, index) =>
      this.pods.get(podName(this.set, start + index)),
    ).filter((pod) => !pod || isTerminating(pod) || !isAvailable(pod, 0, this.now)).length;
  }
}

function randomWorld(seed: number): { chance: Chance; world: World; maxUnavailable: number } {
  const chance = chanceOf(seed);
  const ordered = chance.once(2);
  const maxUnavailable = ordered ? 1 : 1 + chance.number(3);
  const when = () => chance.pick(['Retain', 'Delete']);
  const set = setOf(chance.number(6), {
    podManagementPolicy: ordered ? 'OrderedReady' : 'Parallel',
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0, maxUnavailable } },
    ordinals: { start: chance.number(3) },
    ...(chance.once(2)
      ? {
          volumeClaimTemplates: [DATA],
          persistentVolumeClaimRetentionPolicy: { whenScaled: when(), whenDeleted: when() },
        }
      : {}),
  });
  return { chance, world: new World(chance, set), maxUnavailable };
}

function expectDone(world: World): void {
  const { set, pods } = world;
  const { name } = world.revisions.toSorted((a, b) => b.revision - a.revision)[0]?.metadata ?? {};
  expect(pods.size).toBe(replicasOf(set));
  expect(world.down).toBe(0);
  for (const pod of pods.values()) {
    expect(isInRange(set, ordinalOf(set, pod))).toBe(true);
    expect(pod.metadata.labels?.['controller-revision-hash']).toBe(name);
    expect(pod.spec.containers?.[0]?.image).toBe(set.spec.template.spec?.containers?.[0]?.image);
    for (const template of set.spec.volumeClaimTemplates ?? []) {
      expect(world.claims.has(`${template.metadata?.name}-${pod.metadata.name}`)).toBe(true);
    }
  }
  expect(set.status).toMatchObject({
    readyReplicas: replicasOf(set),
    currentRevision: name,
    updateRevision: name,
  });
}

const SEEDS = Array.from({ length: 60 }, (_, seed) => seed + 1);

describe('a StatefulSet in a world of chance', () => {
  it.each(SEEDS)('updates without having more pods down than it may (seed %i)', (seed) => {
    const { chance, world, maxUnavailable } = randomWorld(seed);
    world.settle();
    expectDone(world);
    const check = () => expect(world.down).toBeLessThanOrEqual(maxUnavailable);
    for (let roll = 2; roll <= 4; roll++) {
      world.change({ template: templateOf(`i${roll}`) });
      for (let step = 0; step < 30; step++) {
        world.now += 50;
        if (chance.once(2)) world.step();
        else world.stepPod(false);
        check();
      }
    }
    world.settle(check);
    expectDone(world);
  });

  it.each(SEEDS)('ends as it should whatever happens to it and its pods (seed %i)', (seed) => {
    const { chance, world } = randomWorld(seed);
    const ordered = world.set.spec.podManagementPolicy === 'OrderedReady';
    for (let step = 0; step < 250; step++) {
      world.now += chance.number(2000);
      const turn = chance.number(8);
      if (turn === 0) randomChange(chance, world);
      else if (turn <= 3) {
        const actions = world.step().filter(({ type }) => type === 'create' || type === 'delete');
        if (ordered) expect(actions.length).toBeLessThanOrEqual(1);
      } else world.stepPod(true);
    }
    const { rollingUpdate } = world.set.spec.updateStrategy ?? {};
    world.change({
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { ...rollingUpdate, partition: 0 } },
    });
    world.settle();
    expectDone(world);
  });
});

function randomChange(chance: Chance, world: World): void {
  const changes: Partial<StatefulSet['spec']>[] = [
    { replicas: chance.number(6) },
    { template: templateOf(`i${chance.number(3)}`) },
    {
      updateStrategy: {
        type: 'RollingUpdate',
        rollingUpdate: { partition: chance.number(5), maxUnavailable: 1 },
      },
    },
    { updateStrategy: { type: 'OnDelete' } },
    { ordinals: { start: chance.number(3) } },
  ];
  world.change(chance.pick(changes));
}
