import type { SandboxStatus } from '../src/index.ts';
import type { PodContainer } from '../src/pods/pod-view.ts';

/** A ready sandbox, for tests of the pure parts. */
export function madeSandbox(more: Partial<SandboxStatus> = {}): SandboxStatus {
  return {
    id: 's0',
    name: 'p',
    namespace: 'ns',
    uid: 'u',
    attempt: 0,
    ready: true,
    createdAt: 1,
    labels: {},
    annotations: {},
    runtimeHandler: '',
    ips: ['10.0.0.2'],
    network: 'pod',
    ...more,
  };
}

/** A running container in `madeSandbox()`, for tests of the pure parts. */
export function madeContainer(name: string, more: Partial<PodContainer> = {}): PodContainer {
  return {
    id: `${name}-${more.attempt ?? 0}`,
    sandboxId: 's0',
    name,
    attempt: 0,
    state: 'running',
    createdAt: 1,
    startedAt: 1,
    finishedAt: 0,
    exitCode: 0,
    reason: '',
    message: '',
    image: 'img',
    imageRef: 'sha256:1',
    labels: {},
    annotations: {},
    logPath: '',
    ...more,
  };
}
