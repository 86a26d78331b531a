import type { k8s } from '@sampan/api';
import type { SandboxStatus } from '../src/index.ts';
import { containerSpecs } from '../src/pods/container-spec.ts';
import { decidePod } from '../src/pods/decide-pod.ts';
import type { PodAction, PodDecision, PodMemory } from '../src/pods/decision.ts';
import { podStatus } from '../src/pods/pod-status.ts';
import {
  type ContainerProbes,
  latestContainer,
  type PodContainer,
  type PodView,
} from '../src/pods/pod-view.ts';
import { type Allocation, type Amounts, allocationOf } from '../src/resize/allocation.ts';
import { containerChange } from '../src/resize/container-change.ts';
import { isSettled, resizable } from '../src/resize/resize-need.ts';
import { madeContainer, madeSandbox } from './made.ts';

export type Random = () => number;

/** Numbers from 0 to 1, the same for the same seed (mulberry32: good from the first number on). */
export function randomFrom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

export function randomPod(random: Random): k8s.Pod {
  const restartPolicy = pick(random, ['Always', 'OnFailure', 'Never']);
  // the API refuses to restart what is never restarted
  const resizePolicy = () =>
    restartPolicy === 'Never' || random() < 0.5
      ? []
      : [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }];
  const list = (prefix: string, most: number) =>
    Array.from({ length: Math.floor(random() * (most + 1)) }, (_, index) => ({
      name: `${prefix}${index}`,
      image: 'img',
      resizePolicy: resizePolicy(),
    }));
  const initContainers = list('init', 3).map((container) =>
    random() < 0.4 ? { ...container, restartPolicy: 'Always' } : container,
  );
  return {
    metadata: { name: 'p', namespace: 'ns', uid: 'u' },
    spec: {
      restartPolicy,
      terminationGracePeriodSeconds: pick(random, [0, 5, 30]),
      initContainers,
      containers: [{ name: 'main', image: 'img', resizePolicy: resizePolicy() }, ...list('more', 2)],
    },
  };
}

/** A pod on a runtime that is made up: it does what is decided, and what else befalls pods. */
export class SimulatedPod {
  readonly random: Random;
  pod: k8s.Pod;
  now = 1_000_000_000_000;
  status: k8s.PodStatus = {};
  /** What was done and what happened, for the message of a test that fails. */
  readonly story: string[] = [];
  /** Containers that were killed, and not because the pod ends. */
  readonly killed = new Set<string>();
  #actual = new Map<string, Amounts>();
  #cgroup: Allocation;
  #probes = new Map<string, ContainerProbes>();
  #memory: PodMemory = { backoff: new Map() };
  #sandboxes: SandboxStatus[] = [];
  #containers: PodContainer[] = [];
  #count = 0;

  constructor(seed: number) {
    this.random = randomFrom(seed);
    this.pod = randomPod(this.random);
    this.#cgroup = allocationOf(this.pod);
  }

  get view(): PodView {
    return { sandboxes: this.#sandboxes, containers: this.#containers };
  }

  get running(): PodContainer[] {
    return this.#containers.filter(({ state }) => state === 'running');
  }

  decide(): PodDecision {
    const input = {
      pod: { ...this.pod, status: this.status },
      view: this.view,
      probes: this.#probes,
      failures: new Map(),
      resize: { actual: this.#actual, cgroup: this.#cgroup, failed: this.random() < 0.1 },
    };
    const decision = decidePod({ ...input, memory: this.#memory, now: this.now });
    this.#memory = decision.memory;
    const { waiting, ended } = decision;
    for (const action of decision.actions) {
      // one may end by itself before it is killed: it is started again all the same
      const ends = decision.memory.endingSince !== undefined;
      if (action.do === 'kill-container' && !ends) this.killed.add(action.id);
    }
    const { restarting = new Set() } = decision.memory;
    const more = { waiting, ended, restarting, previous: this.status, hostIPs: ['192.0.2.1'], now: this.now };
    this.status = podStatus({ pod: this.pod, view: this.view, probes: this.#probes, ...more });
    return decision;
  }

  perform(action: PodAction): void {
    this.story.push(JSON.stringify(action));
    this.now += 100;
    switch (action.do) {
      case 'create-sandbox':
        for (const id of action.replaces) this.#endSandbox(id);
        this.#sandboxes.unshift(
          madeSandbox({ id: `s${action.attempt}`, attempt: action.attempt, createdAt: this.now }),
        );
        break;
      case 'stop-sandbox':
        this.#endSandbox(action.id);
        break;
      case 'resize':
        this.#resize();
        break;
      case 'kill-container':
        this.exit(action.id, this.random() < 0.5 ? 0 : 137);
        break;
      case 'start-container':
        this.#containers.unshift(this.#started(action));
    }
  }

  #started({ name, attempt, sandboxId }: Extract<PodAction, { do: 'start-container' }>): PodContainer {
    const times = { createdAt: this.now, startedAt: this.now };
    const id = `${name}-${this.#count++}`;
    this.#actual.set(id, this.#given(name));
    return madeContainer(name, { id, attempt, sandboxId, ...times });
  }

  #given(name: string): Amounts {
    return allocationOf(this.pod).containers[name] ?? {};
  }

  /** As far as that goes without a restart. */
  #resize(): void {
    const changes = resizable(this.pod).flatMap((container) => {
      const made = latestContainer(this.view, container.name);
      if (made?.state !== 'running') return [];
      return [{ made, container, change: containerChange(container, this.#actual.get(made.id)) }];
    });
    for (const { made, container, change } of changes)
      if (change === 'update') this.#actual.set(made.id, this.#given(container.name));
    if (!changes.some(({ change }) => change === 'restart')) this.#cgroup = allocationOf(this.pod);
  }

  /** Whether all that runs has what the pod was given. */
  get isSettled(): boolean {
    const has = this.running.every(({ id, name }) => {
      const container = resizable(this.pod).find((each) => each.name === name);
      return !container || containerChange(container, this.#actual.get(id)) === 'none';
    });
    return has && isSettled(this.pod, this.#cgroup);
  }

  exit(id: string, exitCode: number): void {
    this.#containers = this.#containers.map((container) =>
      container.id === id && container.state === 'running'
        ? {
            ...container,
            state: 'exited',
            exitCode,
            finishedAt: this.now,
            reason: exitCode === 0 ? 'Completed' : 'Error',
          }
        : container,
    );
  }

  #endSandbox(id: string): void {
    for (const container of this.#containers) if (container.sandboxId === id) this.exit(container.id, 137);
    this.#sandboxes = this.#sandboxes.map((each) => (each.id === id ? { ...each, ready: false } : each));
  }

  /** Something that nobody decided. */
  befall(): void {
    const { random } = this;
    const dice = random();
    if (dice < 0.4 && this.running.length > 0) {
      const { id } = pick(random, this.running);
      const exitCode = random() < 0.5 ? 0 : 1;
      this.story.push(`${id} exits with ${exitCode}`);
      this.exit(id, exitCode);
    } else if (dice < 0.43 && this.running.length > 0) {
      const { id } = pick(random, this.running);
      this.story.push(`${id} lives no more`);
      this.#probes.set(id, { liveness: 'failure' });
    } else if (dice < 0.46) {
      const cpu = `${1 + Math.floor(random() * 3)}`;
      this.story.push(`it is to have ${cpu} CPUs`);
      const given = (container: k8s.Container) => ({ ...container, resources: { requests: { cpu } } });
      const { spec = {} } = this.pod;
      this.pod = { ...this.pod, spec: { ...spec, containers: (spec.containers ?? []).map(given) } };
    } else if (dice < 0.47 && this.#sandboxes[0]) {
      this.story.push('the sandbox dies, and its containers run on');
      this.#sandboxes = this.#sandboxes.map((each) => ({ ...each, ready: false }));
    } else if (dice < 0.49 && this.#sandboxes[0]) {
      this.story.push('the machine restarts');
      for (const { id } of this.#sandboxes) this.#endSandbox(id);
    } else if (dice < 0.53 && random() < 0.3) this.delete();
    else this.now += Math.floor(random() * 60_000);
  }

  delete(): void {
    this.story.push('it is deleted');
    this.pod = {
      ...this.pod,
      metadata: {
        ...this.pod.metadata,
        deletionTimestamp: new Date(this.now).toISOString(),
        deletionGracePeriodSeconds: this.pod.spec?.terminationGracePeriodSeconds ?? 30,
      },
    };
  }

  /** Init containers that are not through, sidecars that do not run, in the sandbox. */
  unprepared(sandboxId: string): string[] {
    return containerSpecs(this.pod.spec ?? {})
      .filter(({ kind }) => kind === 'init' || kind === 'sidecar')
      .filter(({ kind, container: { name } }) => {
        const latest = this.#containers.find((each) => each.name === name && each.sandboxId === sandboxId);
        return kind === 'init' ? latest?.state !== 'exited' || latest.exitCode !== 0 : latest === undefined;
      })
      .map(({ container }) => container.name);
  }
}
