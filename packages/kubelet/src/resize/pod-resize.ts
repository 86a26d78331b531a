import type { k8s } from '@sampan/api';
import { messageOf } from '@sampan/base';
import { bytes, containerResources } from '../pods/container-resources.ts';
import { RESOURCES_ANNOTATION } from '../pods/container-spec.ts';
import type { ResizeState } from '../pods/decision.ts';
import { latestContainer, type PodContainer, type PodView } from '../pods/pod-view.ts';
import type { ResizeStatus } from '../pods/resize-conditions.ts';
import type { TellEvent } from '../worker/pod-event.ts';
import type { PodFiles } from '../worker/pod-files.ts';
import type { PodServices } from '../worker/pod-services.ts';
import { type Allocation, type Amounts, allocationOf, amountsOf, withAllocation } from './allocation.ts';
import type { Allocations } from './allocations.ts';
import { containerChange } from './container-change.ts';
import type { ResizePending } from './resize-fit.ts';
import { isSettled, resizable } from './resize-need.ts';

/** What must survive a restart of the agent; written only for pods that were resized. */
interface Checkpoint {
  readonly allocation: Allocation;
  readonly cgroup: Allocation;
  readonly actual: Readonly<Record<string, Amounts>>;
}

export interface PodResizeOptions {
  readonly services: Pick<PodServices, 'runtime' | 'node' | 'cgroups'>;
  readonly allocations: Allocations;
  readonly files: PodFiles;
  readonly tell: TellEvent;
  /** It may have been given more. */
  readonly poke: () => void;
}

/** Follows what one pod asks of CPU and memory, and has it enforced (KEP-1287). */
export class PodResize {
  readonly #options: PodResizeOptions;
  /** By container id; of those that bear no note of it. */
  readonly #actual = new Map<string, Amounts>();
  #uid = '';
  #allocation: Allocation | undefined;
  #cgroup: Allocation | undefined;
  #loaded = false;
  #pending: ResizePending | undefined;
  #error = '';
  #told = '';
  #over = false;

  constructor(options: PodResizeOptions) {
    this.#options = options;
  }

  /** The pod with what it has been given. */
  async ask(pod: k8s.Pod, view: PodView): Promise<k8s.Pod> {
    const { allocations, services, poke } = this.#options;
    this.#uid = pod.metadata?.uid ?? '';
    if (!this.#loaded) await this.#load(pod, view);
    if (this.#over) return this.#allocation ? withAllocation(pod, this.#allocation) : pod;
    const answer = allocations.ask(pod, this.#allocation, poke);
    const allocation = allocationOf(answer.pod);
    if (!this.#allocation || !isSettled(answer.pod, this.#allocation)) services.cgroups?.track(answer.pod);
    this.#allocation = allocation;
    this.#cgroup ??= allocation;
    this.#pending = answer.pending;
    this.#tellPending(pod, answer.pending);
    return answer.pod;
  }

  /** It uses nothing any more. May be called twice. */
  end(): void {
    this.#over = true;
    this.#pending = undefined;
    this.#options.allocations.forget(this.#uid);
  }

  /** For the decision and the status. */
  state(pod: k8s.Pod, view: PodView): ResizeState {
    const actual = new Map(view.containers.flatMap((container) => this.#noted(container)));
    return { actual, cgroup: this.#cgroup ?? allocationOf(pod), failed: this.#error !== '' };
  }

  status(pod: k8s.Pod, view: PodView): ResizeStatus {
    const state = this.state(pod, view);
    const changing = this.#running(pod, view).some(
      ({ container, made }) => containerChange(container, state.actual.get(made.id)) !== 'none',
    );
    const inProgress = !this.#over && (changing || !isSettled(pod, state.cgroup));
    return {
      actual: state.actual,
      ...(state.cgroup.pod && { pod: state.cgroup.pod }),
      ...(this.#pending && { pending: this.#pending }),
      ...(inProgress && { progress: { error: this.#error } }),
    };
  }

  /**
   * Has the runtime and the pod's cgroup enforce what the pod was given, as far as that goes without a restart. May be
   * repeated. Throws.
   */
  async perform(pod: k8s.Pod, view: PodView): Promise<void> {
    if (this.#error === '') this.#tellOf(pod, 'Normal', 'ResizeStarted', 'started');
    try {
      await this.#save(pod);
      await this.#enforce(pod, view);
      await this.#save(pod);
    } catch (error) {
      const news = this.#error !== messageOf(error);
      this.#error = messageOf(error);
      if (news) this.#tellOf(pod, 'Warning', 'ResizeError', 'error', this.#error);
      throw error;
    }
    this.#error = '';
    if (this.status(pod, view).progress === undefined)
      this.#tellOf(pod, 'Normal', 'ResizeCompleted', 'completed');
  }

  async #enforce(pod: k8s.Pod, view: PodView): Promise<void> {
    const { runtime, cgroups, node } = this.#options.services;
    const state = this.state(pod, view);
    const running = this.#running(pod, view);
    const changes = running.map((each) => ({
      ...each,
      change: containerChange(each.container, state.actual.get(each.made.id)),
    }));
    const updates = changes.filter(({ change }) => change === 'update');
    await this.#checkUsage(updates);
    // first the pod is given room for both, so that no container has more than its pod
    await cgroups?.ensure(pod, withAllocation(pod, state.cgroup));
    for (const { container, made } of updates) {
      const { oomScoreAdj, ...resources } = containerResources(pod, container, node.memoryBytes);
      await runtime.updateResources(made.id, resources);
      this.#actual.set(made.id, amountsOf(container.resources));
    }
    if (changes.some(({ change }) => change === 'restart')) return;
    await cgroups?.ensure(pod);
    this.#cgroup = allocationOf(pod);
  }

  /** Less memory than is used now would kill. */
  async #checkUsage(updates: readonly Running[]): Promise<void> {
    const limited = updates.filter(({ container }) => bytes(container.resources?.limits?.memory) > 0);
    if (limited.length === 0) return;
    const stats = await this.#options.services.runtime.listStats(this.#uid);
    for (const { container, made } of limited) {
      const usage = stats.find(({ id }) => id === made.id)?.memoryUsage ?? 0;
      const limit = bytes(container.resources?.limits?.memory);
      if (limit >= usage) continue;
      const text = `attempting to set container memory limit (${limit}) below current usage (${usage})`;
      throw new Error(text);
    }
  }

  #running(pod: k8s.Pod, view: PodView): Running[] {
    return resizable(pod).flatMap((container) => {
      const made = latestContainer(view, container.name);
      return made?.state === 'running' ? [{ container, made }] : [];
    });
  }

  #noted({ id, annotations }: PodContainer): [string, Amounts][] {
    const known = this.#actual.get(id);
    if (known) return [[id, known]];
    const note = annotations[RESOURCES_ANNOTATION];
    return note === undefined ? [] : [[id, JSON.parse(note) as Amounts]];
  }

  /** What the pod had: as was written down, else as its containers were made. */
  async #load(pod: k8s.Pod, view: PodView): Promise<void> {
    const text = await this.#options.files.readResources();
    const checkpoint = text === undefined ? undefined : (JSON.parse(text) as Checkpoint);
    this.#loaded = true;
    if (checkpoint) {
      this.#allocation = checkpoint.allocation;
      this.#cgroup = checkpoint.cgroup;
      for (const [id, amounts] of Object.entries(checkpoint.actual)) this.#actual.set(id, amounts);
    } else {
      const wanted = allocationOf(pod);
      const made = resizable(pod).flatMap(({ name }) => {
        const latest = latestContainer(view, name);
        return latest ? this.#noted(latest).map(([, amounts]) => [name, amounts] as const) : [];
      });
      this.#allocation = { ...wanted, containers: { ...wanted.containers, ...Object.fromEntries(made) } };
    }
    this.#options.services.cgroups?.track(withAllocation(pod, this.#allocation));
  }

  async #save(pod: k8s.Pod): Promise<void> {
    const allocation = allocationOf(pod);
    const actual = Object.fromEntries(this.#actual);
    const checkpoint: Checkpoint = { allocation, cgroup: this.#cgroup ?? allocation, actual };
    await this.#options.files.writeResources(JSON.stringify(checkpoint));
  }

  #tellPending(pod: k8s.Pod, pending: ResizePending | undefined): void {
    const text = pending ? `${pending.reason} ${pending.message}` : '';
    if (text === this.#told) return;
    this.#told = text;
    if (pending) this.#tellOf(pod, 'Warning', `Resize${pending.reason}`, pending.reason, pending.message);
  }

  #tellOf(
    pod: k8s.Pod,
    type: 'Normal' | 'Warning',
    reason: ResizeReason,
    word: string,
    error?: string,
  ): void {
    const containers = resizable(pod).map(({ name, resources }) => ({ name, resources }));
    const facts = { containers, generation: pod.metadata?.generation, ...(error && { error }) };
    this.#options.tell({ type, reason, message: `Pod resize ${word}: ${JSON.stringify(facts)}` });
  }
}

interface Running {
  readonly container: k8s.Container;
  readonly made: PodContainer;
}

type ResizeReason =
  | 'ResizeDeferred'
  | 'ResizeInfeasible'
  | 'ResizeStarted'
  | 'ResizeCompleted'
  | 'ResizeError';
