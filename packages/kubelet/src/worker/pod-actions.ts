import type { k8s } from '@sampan/api';
import { messageOf } from '@sampan/base';
import { containerConfig } from '../pods/container-config.ts';
import { containerSpecs } from '../pods/container-spec.ts';
import type { PodAction } from '../pods/decision.ts';
import type { PodView } from '../pods/pod-view.ts';
import { sandboxConfig } from '../pods/sandbox-config.ts';
import { StartError, type StartReason } from '../pods/start-error.ts';
import type { PodFiles } from './pod-files.ts';
import type { PodServices } from './pod-services.ts';

/** Does what was decided for a pod. Each call ends when the action has; a failed one throws. */
export class PodActions {
  readonly #services: PodServices;
  readonly #files: PodFiles;

  constructor(services: PodServices, files: PodFiles) {
    this.#services = services;
    this.#files = files;
  }

  async perform(action: PodAction, pod: k8s.Pod, view: PodView): Promise<void> {
    const { runtime } = this.#services;
    switch (action.do) {
      case 'create-sandbox':
        for (const id of action.replaces) await runtime.stopSandbox(id);
        await this.#createSandbox(pod, action.attempt);
        break;
      case 'stop-sandbox':
        await runtime.stopSandbox(action.id);
        break;
      case 'kill-container':
        await runtime.stopContainer(action.id, action.graceSeconds);
        break;
      case 'start-container':
        await this.#startContainer(action, pod, view);
    }
  }

  async #createSandbox(pod: k8s.Pod, attempt: number): Promise<void> {
    const { runtime, node, volumes } = this.#services;
    await volumes.prepare(pod);
    await this.#files.makeLogFolder(pod);
    await orElse('CreatePodSandboxError', () => runtime.runSandbox(sandboxConfig(pod, attempt, node)));
  }

  async #startContainer(
    { name, attempt, sandboxId }: Extract<PodAction, { do: 'start-container' }>,
    pod: k8s.Pod,
    view: PodView,
  ): Promise<void> {
    const { runtime, node } = this.#services;
    const container = containerSpecs(pod.spec ?? {}).find((spec) => spec.container.name === name)?.container;
    const sandbox = view.sandboxes.find(({ id }) => id === sandboxId);
    if (!container || !sandbox) return;
    const config = await this.#configure(pod, container, attempt, sandbox.ips);
    const id = await orElse('CreateContainerError', () =>
      runtime.createContainer(sandboxId, config, sandboxConfig(pod, sandbox.attempt, node)),
    );
    await orElse('RunContainerError', () => runtime.startContainer(id));
  }

  async #configure(pod: k8s.Pod, container: k8s.Container, attempt: number, sandboxIPs: readonly string[]) {
    const { images, node, volumes, environment, credentials } = this.#services;
    const image = await images.ensure(container, await credentials(pod, container));
    const podIPs = pod.spec?.hostNetwork ? node.hostIPs : sandboxIPs;
    return orElse('CreateContainerConfigError', async () => {
      await this.#files.makeLogFolder(pod, container.name);
      const mounts = await volumes.mounts(pod, container);
      const own = await this.#files.mounts(pod, container, attempt, podIPs);
      const env = {
        ...(await environment(pod)),
        podIPs,
        hostIPs: node.hostIPs,
        nodeAllocatable: node.allocatable,
      };
      return containerConfig({ pod, container, attempt, image, env, mounts: [...mounts, ...own], node });
    });
  }
}

/** What fails without a reason of its own fails for this one. */
async function orElse<T>(reason: StartReason, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(reason, messageOf(error), error);
  }
}
