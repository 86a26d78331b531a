import type { k8s } from '@sampan/api';
import { deepEqual, messageOf } from '@sampan/base';
import { activeDeadline } from '../pods/active-deadline.ts';
import { containerSpecs } from '../pods/container-spec.ts';
import { decidePod } from '../pods/decide-pod.ts';
import type { PodAction, PodDecision, PodMemory, Verdict } from '../pods/decision.ts';
import { podGarbage } from '../pods/pod-garbage.ts';
import { podStatus } from '../pods/pod-status.ts';
import { type ContainerProbes, EMPTY_VIEW, latestContainer, type PodView } from '../pods/pod-view.ts';
import type { Allocations } from '../resize/allocations.ts';
import { PodResize } from '../resize/pod-resize.ts';
import { ExitMessages } from './exit-messages.ts';
import { PodActions } from './pod-actions.ts';
import type { TellEvent } from './pod-event.ts';
import { PodFiles } from './pod-files.ts';
import type { PodServices } from './pod-services.ts';
import { PodTeller } from './pod-teller.ts';
import { ViewReader } from './read-view.ts';
import { StartFailures } from './start-failures.ts';
import { type PodReport, StatusTeller } from './status-teller.ts';
import { UnderWay } from './under-way.ts';

/**
 * Runs one pod: reads what the runtime has of it, decides, has it done, tells the status; again whenever something
 * happens. Finds what ran before it: a second worker for the same pod must not exist. Owned by `PodRunner`.
 */
export class PodWorker {
  readonly #services: PodServices;
  readonly #tell: StatusTeller;
  readonly #teller: PodTeller;
  readonly #reader: ViewReader;
  readonly #files: PodFiles;
  readonly #actions: PodActions;
  readonly #failures: StartFailures;
  readonly #resize: PodResize;
  readonly #probes = new Map<string, ContainerProbes>();
  readonly #underWay: UnderWay;
  readonly #messages: ExitMessages;
  /** As the API has it. */
  #pod: k8s.Pod;
  #memory: PodMemory = { backoff: new Map() };
  #view: PodView = EMPTY_VIEW;
  #status: k8s.PodStatus;
  #verdict: Verdict | undefined;
  #turn: Promise<void> | undefined;
  #again = false;
  #closed = false;
  #volumesReleased = false;
  #cancelTimer = (): void => {};

  /** `tell` is called with each new status, `tellEvent` with each event; they must not throw. */
  constructor(
    pod: k8s.Pod,
    services: PodServices,
    allocations: Allocations,
    tell: (report: PodReport) => void,
    tellEvent: TellEvent,
  ) {
    const uid = pod.metadata?.uid ?? '';
    this.#pod = pod;
    this.#status = pod.status ?? {};
    this.#services = services;
    this.#tell = new StatusTeller(services.clock, tell);
    this.#teller = new PodTeller(tellEvent);
    this.#reader = new ViewReader(services.runtime, uid, () => services.clock.now());
    this.#files = new PodFiles(uid, services.node);
    this.#actions = new PodActions(services, this.#files, tellEvent);
    this.#failures = new StartFailures(services);
    this.#messages = new ExitMessages(this.#files);
    const poke = (): void => this.poke();
    this.#underWay = new UnderWay(services.clock, poke);
    this.#resize = new PodResize({ services, allocations, files: this.#files, tell: tellEvent, poke });
  }

  /** Whether this pod's is the container or sandbox of this id, as far as is known. */
  has(id: string): boolean {
    return [...this.#view.sandboxes, ...this.#view.containers].some((each) => each.id === id);
  }

  /** A new version of the pod: deletion, another image, …. */
  update(pod: k8s.Pod): void {
    this.#pod = pod;
    this.poke();
  }

  /** What a probe of a container says; nothing is read when it says what it said before. */
  setProbe(containerId: string, probes: ContainerProbes): void {
    const known = this.#probes.get(containerId);
    const next = { ...known, ...probes };
    if (known && deepEqual(known, next)) return;
    this.#probes.set(containerId, next);
    this.poke();
  }

  /** The node wants it to end for this reason: it fails. The first reason stays. */
  condemn(verdict: Verdict): void {
    this.#verdict ??= verdict;
    this.poke();
  }

  /** What could not be started for want of something may be tried again. */
  retry(): void {
    this.#failures.hurry();
    this.poke();
  }

  /** Something may have happened to it. Cheap to call often. */
  poke(): void {
    if (this.#closed) return;
    this.#again = true;
    this.#turn ??= this.#turns();
  }

  /**
   * Stops working on it; its containers run on. Returns when nothing is being started in it; what was told to end ends
   * by itself. May be called twice.
   */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer();
    this.#tell.close();
    this.#actions.end();
    await this.#turn;
    await this.#underWay.close('makes');
  }

  /** Forgets a pod that has ended: its containers, logs, files, volumes. May be called again after it failed. */
  async cleanUp(): Promise<void> {
    const { runtime, volumes } = this.#services;
    await this.close();
    await this.#underWay.close('all');
    this.#resize.end();
    const { sandboxes } = await this.#reader.read();
    for (const { id } of sandboxes) await runtime.removeSandbox(id);
    await volumes.release(this.#pod);
    await this.#files.removeAll(this.#pod);
  }

  async #turns(): Promise<void> {
    try {
      while (this.#again && !this.#closed) {
        this.#again = false;
        await this.#takeTurn();
      }
    } catch (error) {
      // the runtime does not answer: its return is an event, but one may be lost
      this.#services.logger.warn('cannot read a pod', { pod: this.#name(), error: messageOf(error) });
      this.#wakeAt(this.#services.clock.now() + 1000);
    } finally {
      this.#turn = undefined;
    }
    if (this.#again) this.poke();
  }

  async #takeTurn(): Promise<void> {
    // what ends while the view is read may be missing in it
    const underWay = this.#underWay.keys();
    const wanted = this.#pod;
    this.#view = await this.#messages.into(await this.#reader.read());
    const pod = await this.#resize.ask(wanted, this.#view);
    const ends = pod.metadata?.deletionTimestamp !== undefined || this.#verdict !== undefined;
    if (ends) this.#actions.end();
    else this.#view = this.#withoutHooked(pod, this.#view);
    if (this.#closed) return;
    const now = this.#services.clock.now();
    const deadline = activeDeadline(pod, this.#status.startTime);
    if (deadline && deadline.at <= now)
      this.#verdict ??= { reason: deadline.reason, message: deadline.message };
    const decision = this.#decide(pod, now);
    this.#memory = decision.memory;
    if (decision.ended) this.#resize.end();
    if (decision.ended) this.#releaseVolumes(pod);
    this.#teller.waits(pod, decision.waiting);
    this.#publish(pod, decision, now);
    for (const action of decision.actions)
      this.#underWay.begin(action, underWay, () => this.#perform(action, pod));
    this.#collect();
    const wakes = [decision.wakeAt, this.#verdict ? undefined : deadline?.at].filter(
      (at) => at !== undefined,
    );
    if (wakes.length > 0 && !decision.ended) this.#wakeAt(Math.min(...wakes));
  }

  #decide(pod: k8s.Pod, now: number): PodDecision {
    return decidePod({
      pod: { ...pod, status: this.#status },
      view: this.#view,
      probes: this.#probes,
      failures: this.#failures.current,
      memory: this.#memory,
      now,
      limits: this.#failures.timing.restart,
      resize: this.#resize.state(pod, this.#view),
      ...(this.#verdict && { verdict: this.#verdict }),
    });
  }

  #publish(pod: k8s.Pod, { waiting, ended, memory }: PodDecision, now: number): void {
    this.#status = podStatus({
      pod,
      view: this.#view,
      probes: this.#probes,
      resize: this.#resize.status(pod, this.#view),
      ...(memory.restarting && { restarting: memory.restarting }),
      waiting,
      previous: this.#status,
      ended,
      hostIPs: this.#services.node.hostIPs,
      now,
      ...(this.#verdict && { verdict: this.#verdict }),
    });
    const deleted = pod.metadata?.deletionTimestamp !== undefined;
    this.#tell.publish({ status: this.#status, ended, deleted });
  }

  /** Never rejects; returns for how long the action must not be repeated. */
  async #perform(action: PodAction, pod: k8s.Pod): Promise<number> {
    const starts = action.do === 'start-container' || action.do === 'create-sandbox';
    const name = action.do === 'start-container' ? action.name : '';
    try {
      if (action.do === 'resize') await this.#resize.perform(pod, this.#view);
      else await this.#actions.perform(action, pod, this.#view);
      if (starts) this.#failures.succeeded(name);
      return 0;
    } catch (error) {
      this.#services.logger.warn(`cannot ${action.do}`, { pod: this.#name(), name, error: messageOf(error) });
      if (!starts) return this.#failures.timing.retryMs;
      if (this.#actions.ended) return 0;
      this.#teller.failed(pod, name, error);
      this.#failures.failed(name, action, pod, error);
      return 0;
    }
  }

  /** Nothing uses them any more, though the pod may stay for long. */
  #releaseVolumes(pod: k8s.Pod): void {
    if (this.#volumesReleased) return;
    this.#volumesReleased = true;
    this.#underWay.aside('volumes', () =>
      this.#try('volumes cannot be released', () => this.#services.volumes.release(pod)),
    );
  }

  /** Has the runtime forget old containers; what fails is tried at the next turn. */
  #collect(): void {
    const { containers, sandboxes } = podGarbage(this.#view);
    if (containers.length === 0 && sandboxes.length === 0) return;
    const { runtime } = this.#services;
    const forget = async (): Promise<void> => {
      for (const container of containers) {
        await runtime.removeContainer(container.id);
        await this.#files.removeContainer(container);
        this.#messages.forget(container.id);
        this.#probes.delete(container.id);
      }
      for (const id of sandboxes) await runtime.removeSandbox(id);
    };
    this.#underWay.aside('garbage', () => this.#try('cannot forget old containers', forget));
  }

  async #try(problem: string, task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      this.#services.logger.warn(problem, { pod: this.#name(), error: messageOf(error) });
    }
  }

  /** A container is not there before its hook has run through (docs, "Container Lifecycle Hooks"). */
  #withoutHooked({ spec = {} }: k8s.Pod, view: PodView): PodView {
    const hooked = containerSpecs(spec).filter(({ container: { name, lifecycle } }) => {
      return lifecycle?.postStart !== undefined && this.#underWay.isStarting(name);
    });
    const ids = hooked.map(({ container }) => latestContainer(view, container.name)?.id);
    const containers = view.containers.map((each) =>
      each.state === 'running' && ids.includes(each.id) ? { ...each, state: 'created' as const } : each,
    );
    return { ...view, containers };
  }

  #wakeAt(at: number): void {
    this.#cancelTimer();
    if (this.#closed) return;
    const { clock } = this.#services;
    this.#cancelTimer = clock.schedule(() => this.poke(), at - clock.now());
  }

  #name(): string {
    return `${this.#pod.metadata?.namespace}/${this.#pod.metadata?.name}`;
  }
}
