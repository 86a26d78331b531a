import type { ContainerStatus, SandboxStatus } from '../runtime/index.ts';

/** A container of a pod as the runtime has it. */
export interface PodContainer extends ContainerStatus {
  readonly sandboxId: string;
}

/** All that the runtime has of one pod, whatever became of it. */
export interface PodView {
  /** Newest first. */
  readonly sandboxes: readonly SandboxStatus[];
  /** Newest first. */
  readonly containers: readonly PodContainer[];
}

export const EMPTY_VIEW: PodView = { sandboxes: [], containers: [] };

/** What the probes of containers last said, by container id; absent: no probe, or no answer yet. */
export type ProbeResults = ReadonlyMap<string, ContainerProbes>;

export interface ContainerProbes {
  readonly startup?: 'success' | 'failure';
  readonly liveness?: 'success' | 'failure';
  readonly readiness?: 'success' | 'failure';
}

/** The newest container of a name; of one sandbox only, if given. */
export function latestContainer(view: PodView, name: string, sandboxId?: string): PodContainer | undefined {
  return view.containers.find(
    (container) => container.name === name && (sandboxId === undefined || container.sandboxId === sandboxId),
  );
}

/** The attempt that the next container of a name gets: how often it was restarted by then. */
export function nextAttempt(view: PodView, name: string): number {
  const attempts = view.containers
    .filter((container) => container.name === name)
    .map(({ attempt }) => attempt);
  return attempts.length === 0 ? 0 : Math.max(...attempts) + 1;
}

/** Failed: ended with another code than 0, or nobody knows. */
export function containerFailed(container: PodContainer): boolean {
  return container.state === 'unknown' || (container.state === 'exited' && container.exitCode !== 0);
}
