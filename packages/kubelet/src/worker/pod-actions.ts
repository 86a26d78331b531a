import type { k8s } from '@sampan/api';
import { messageOf } from '@sampan/base';
import { containerConfig } from '../pods/container-config.ts';
import { containerEnv } from '../pods/container-env.ts';
import { containerSpecs } from '../pods/container-spec.ts';
import type { PodAction } from '../pods/decision.ts';
import { latestContainer, type PodView } from '../pods/pod-view.ts';
import { sandboxConfig } from '../pods/sandbox-config.ts';
import { StartError, type StartReason } from '../pods/start-error.ts';
import { abortable } from './abortable.ts';
import { type HookPlace, runHook } from './lifecycle-hooks.ts';
import { fieldPath, type PodEvent, type TellEvent } from './pod-event.ts';
import type { PodFiles } from './pod-files.ts';
import type { PodServices } from './pod-services.ts';

/** Does what was decided for a pod. Each call ends when the action has; a failed one throws. */
export class PodActions {
  readonly #services: PodServices;
  readonly #files: PodFiles;
  readonly #tell: TellEvent;
  /** Containers whose preStop hook was begun: it runs once. */
  readonly #stopping = new Set<string>();
  readonly #ending = new AbortController();

  constructor(services: PodServices, files: PodFiles, tell: TellEvent) {
    this.#services = services;
    this.#files = files;
    this.#tell = tell;
  }

  /** The pod ends: what is still on its way to start is given up. May be called twice. */
  end(): void {
    this.#ending.abort();
  }

  get ended(): boolean {
    return this.#ending.signal.aborted;
  }

  async perform(action: Exclude<PodAction, { do: 'resize' }>, pod: k8s.Pod, view: PodView): Promise<void> {
    const { runtime } = this.#services;
    switch (action.do) {
      case 'create-sandbox':
        await this.#replaceSandboxes(action.replaces);
        await this.#createSandbox(pod, action.attempt);
        break;
      case 'stop-sandbox':
        await runtime.stopSandbox(action.id);
        break;
      case 'kill-container':
        await this.#killContainer(action, pod, view);
        break;
      case 'start-container':
        await this.#startContainer(action, pod, view);
    }
  }

  async #replaceSandboxes(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const message = 'Pod sandbox changed, it will be killed and re-created.';
    this.#tell({ type: 'Normal', reason: 'SandboxChanged', message });
    for (const id of ids) await this.#services.runtime.stopSandbox(id);
  }

  async #createSandbox(pod: k8s.Pod, attempt: number): Promise<void> {
    const { runtime, node, volumes, handler, cgroups } = this.#services;
    if (pod.spec?.hostUsers === false) {
      const message = 'the container runtime does not support user namespaces (spec.hostUsers: false)';
      throw new StartError('CreatePodSandboxError', message);
    }
    await volumes.prepare(pod);
    const name = await handler(pod);
    await this.#files.makeLogFolder(pod);
    await orElse('CreatePodSandboxError', async () => cgroups?.ensure(pod));
    await orElse('CreatePodSandboxError', () => runtime.runSandbox(sandboxConfig(pod, attempt, node), name));
  }

  async #startContainer(
    { name, attempt, replaces, sandboxId }: Extract<PodAction, { do: 'start-container' }>,
    pod: k8s.Pod,
    view: PodView,
  ): Promise<void> {
    const { runtime, node } = this.#services;
    const container = containerSpecs(pod.spec ?? {}).find((spec) => spec.container.name === name)?.container;
    const sandbox = view.sandboxes.find(({ id }) => id === sandboxId);
    if (!container || !sandbox) return;
    const [ip] = sandbox.ips;
    const { signal } = this.#ending;
    // a pull may take minutes, and is perhaps another pod's as well
    const ready = Promise.all([
      this.#configure(pod, container, attempt, sandbox.ips, view),
      sandbox.network === 'pod' && ip !== undefined ? this.#services.connected?.(pod, ip) : undefined,
    ]);
    const [config] = await abortable(ready, signal);
    for (const unstarted of replaces) await runtime.removeContainer(unstarted);
    const id = await orElse('CreateContainerError', () =>
      runtime.createContainer(sandboxId, config, sandboxConfig(pod, sandbox.attempt, node)),
    );
    this.#tellOf(pod, name, 'Normal', 'Created', 'Container created');
    signal.throwIfAborted();
    await orElse('RunContainerError', () => runtime.startContainer(id));
    this.#tellOf(pod, name, 'Normal', 'Started', 'Container started');
    await this.#postStart(pod, container, id, view);
  }

  /** One that fails costs the container its life. */
  async #postStart(pod: k8s.Pod, container: k8s.Container, id: string, view: PodView): Promise<void> {
    const hook = container.lifecycle?.postStart;
    if (!hook) return;
    const { signal } = this.#ending;
    try {
      await runHook(this.#services.runtime, hook, this.#place(pod, container, id, view), signal);
    } catch (error) {
      // one of a pod that ends is killed anyway
      if (signal.aborted) throw error;
      const { name } = container;
      this.#tellOf(pod, name, 'Warning', 'FailedPostStartHook', 'PostStartHook failed');
      const graceSeconds = pod.spec?.terminationGracePeriodSeconds ?? 30;
      await this.#killContainer({ id, name, graceSeconds, message: 'FailedPostStartHook' }, pod, view);
      throw new StartError('PostStartHookError', messageOf(error), error);
    }
  }

  /** The preStop hook has a share of the grace. */
  async #killContainer(
    { id, name, graceSeconds, message }: Kill,
    pod: k8s.Pod,
    view: PodView,
  ): Promise<void> {
    const { runtime, clock } = this.#services;
    const begun = clock.monotonic();
    if (!this.#stopping.has(id)) {
      this.#stopping.add(id);
      this.#tellOf(pod, name, 'Normal', 'Killing', message);
      await this.#preStop(pod, name, id, view, graceSeconds);
    }
    const left = Math.ceil(graceSeconds - (clock.monotonic() - begun) / 1000);
    await runtime.stopContainer(id, Math.max(2, left));
    this.#stopping.delete(id);
  }

  async #preStop(pod: k8s.Pod, name: string, id: string, view: PodView, graceSeconds: number): Promise<void> {
    const container = containerSpecs(pod.spec ?? {}).find((spec) => spec.container.name === name)?.container;
    const hook = container?.lifecycle?.preStop;
    if (!container || !hook) return;
    const late = AbortSignal.timeout(graceSeconds * 1000);
    try {
      await runHook(this.#services.runtime, hook, this.#place(pod, container, id, view), late);
    } catch {
      // its output may hold secrets: the event says no more; one that is late has not failed
      if (late.aborted) return;
      this.#tellOf(pod, name, 'Warning', 'FailedPreStopHook', 'PreStopHook failed');
    }
  }

  #place(pod: k8s.Pod, container: k8s.Container, id: string, view: PodView): HookPlace {
    const { node, address = (_, host) => host } = this.#services;
    const podIP = view.sandboxes[0]?.ips[0] ?? node.hostIPs[0] ?? '';
    return { id, container, podIP, address: (host) => address(pod, host) };
  }

  #tellOf(
    pod: k8s.Pod,
    name: string,
    type: PodEvent['type'],
    reason: PodEvent['reason'],
    message: string,
  ): void {
    this.#tell({ type, reason, message, fieldPath: fieldPath(pod, name) });
  }

  async #configure(
    pod: k8s.Pod,
    container: k8s.Container,
    attempt: number,
    sandboxIPs: readonly string[],
    view: PodView,
  ) {
    const { images, node, volumes, environment, credentials } = this.#services;
    const image = await images.ensure(container, await credentials(pod, container), (type, reason, message) =>
      this.#tellOf(pod, container.name, type, reason, message),
    );
    const podIPs = pod.spec?.hostNetwork ? node.hostIPs : sandboxIPs;
    return orElse('CreateContainerConfigError', async () => {
      await this.#files.makeLogFolder(pod, container.name);
      const own = await this.#files.mounts(pod, container, attempt, podIPs);
      const env = {
        ...(await environment(pod)),
        podIPs,
        hostIPs: node.hostIPs,
        nodeAllocatable: node.allocatable,
      };
      const mounts = [...(await volumes.mounts(pod, container, containerEnv(pod, container, env))), ...own];
      const devices = await volumes.devices(pod, container);
      const target = targetOf(container, view);
      return containerConfig({ pod, container, attempt, image, env, mounts, devices, node, target });
    });
  }
}

type Kill = Pick<Extract<PodAction, { do: 'kill-container' }>, 'id' | 'name' | 'graceSeconds' | 'message'>;

/** What fails without a reason of its own fails for this one. */
async function orElse<T>(reason: StartReason, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(reason, messageOf(error), error);
  }
}

/** The container whose processes an ephemeral one is to see (`kubectl debug --target`). Throws when it does not run. */
function targetOf(container: k8s.Container, view: PodView): string | undefined {
  const { targetContainerName: name } = container as k8s.EphemeralContainer;
  if (!name) return undefined;
  const target = latestContainer(view, name);
  if (target?.state === 'running') return target.id;
  throw new StartError('CreateContainerConfigError', `unable to find target container ${name}`);
}
