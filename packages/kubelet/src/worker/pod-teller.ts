import type { k8s } from '@sampan/api';
import { messageOf } from '@sampan/base';
import { containerSpecs } from '../pods/container-spec.ts';
import type { PodDecision } from '../pods/decision.ts';
import { StartError, type StartReason } from '../pods/start-error.ts';
import { fieldPath, type TellEvent } from './pod-event.ts';

/** Failures whose event names the reason only: another event has said more. */
const TOLD_BEFORE: ReadonlySet<StartReason> = new Set([
  'ErrImagePull',
  'ErrImageNeverPull',
  'ImageInspectError',
  'InvalidImageName',
]);

/** Tells why containers of one pod wait and what failed, each wait once. */
export class PodTeller {
  readonly #tell: TellEvent;
  readonly #told = new Map<string, string>();

  constructor(tell: TellEvent) {
    this.#tell = tell;
  }

  waits(pod: k8s.Pod, waiting: PodDecision['waiting']): void {
    for (const [name, { reason, message }] of waiting) {
      if (this.#told.get(name) === reason + message) continue;
      this.#told.set(name, reason + message);
      const place = { reason: 'BackOff', fieldPath: fieldPath(pod, name) } as const;
      if (reason === 'CrashLoopBackOff') {
        const { name: podName, namespace, uid } = pod.metadata ?? {};
        const text = `Back-off restarting failed container ${name} in pod ${podName}_${namespace}(${uid})`;
        this.#tell({ type: 'Warning', message: text, ...place });
      } else if (reason === 'ImagePullBackOff') {
        // without the cause, which the pull itself has told
        this.#tell({ type: 'Normal', message: message.split(': ErrImagePull')[0] ?? message, ...place });
      }
    }
  }

  /** `name`: of the container; empty: the sandbox failed. */
  failed(pod: k8s.Pod, name: string, error: unknown): void {
    const message = messageOf(error);
    const type = 'Warning';
    const reason = error instanceof StartError ? error.reason : undefined;
    // the volumes have told it
    if (reason === 'FailedMount') return;
    if (name === '') {
      const text = `Failed to create pod sandbox: ${message}`;
      this.#tell({ type, reason: 'FailedCreatePodSandBox', message: text });
      return;
    }
    const place = { type, fieldPath: fieldPath(pod, name) } as const;
    if (reason === 'ErrImagePull') {
      this.#tell({
        ...place,
        reason: 'Failed',
        message: `Failed to pull image "${imageOf(pod, name)}": ${message}`,
      });
    } else if (reason === 'InvalidImageName' || reason === 'ImageInspectError') {
      this.#tell({ ...place, reason: 'InspectFailed', message });
    }
    const bare = reason !== undefined && TOLD_BEFORE.has(reason);
    this.#tell({ ...place, reason: 'Failed', message: `Error: ${bare ? reason : message}` });
  }
}

export function imageOf({ spec }: k8s.Pod, name: string): string {
  return containerSpecs(spec ?? {}).find(({ container }) => container.name === name)?.container.image ?? '';
}
