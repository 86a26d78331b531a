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

/**
 * The attempt that the next container of a name gets: how often it was restarted by then. One that was made and never
 * started, for the agent died in between, is no attempt: the next one `replaces` it.
 */
export function nextAttempt(
  view: PodView,
  name: string,
): { readonly attempt: number; readonly replaces: readonly string[] } {
  const made = view.containers.filter((container) => container.name === name);
  const isUnstarted = ({ state, startedAt }: PodContainer) => state === 'created' && startedAt === 0;
  const attempts = made.filter((container) => !isUnstarted(container)).map(({ attempt }) => attempt);
  return {
    attempt: attempts.length === 0 ? 0 : Math.max(...attempts) + 1,
    replaces: made.filter(isUnstarted).map(({ id }) => id),
  };
}

/** Failed: ended with another code than 0, or nobody knows. */
export function containerFailed(container: PodContainer): boolean {
  return container.state === 'unknown' || (container.state === 'exited' && container.exitCode !== 0);
}
