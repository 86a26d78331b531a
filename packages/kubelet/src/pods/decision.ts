import type { k8s } from '@sampan/api';
import type { Allocation, Amounts } from '../resize/allocation.ts';
import type { ContainerKind } from './container-spec.ts';
import { latestContainer, nextAttempt, type PodView, type ProbeResults } from './pod-view.ts';
import {
  type BackoffEntries,
  type BackoffEntry,
  type BackoffLimits,
  nextEntry,
  RESTART_BACKOFF,
  restartAt,
} from './restart-backoff.ts';

/** Why a container is killed: it chooses the grace (kuberuntime containerKillReason). */
export type KillReason =
  | 'startup-probe'
  | 'liveness-probe'
  | 'unknown-state'
  | 'changed'
  | 'resize'
  | 'pod-ends';

export type PodAction =
  /** Enforces what the pod was given of CPU and memory by now. */
  | { readonly do: 'resize' }
  /** `replaces`: former ones, which are stopped first, with what may still run in them. */
  | { readonly do: 'create-sandbox'; readonly attempt: number; readonly replaces: readonly string[] }
  /** Ends all that runs in it. */
  | { readonly do: 'stop-sandbox'; readonly id: string }
  | {
      readonly do: 'start-container';
      readonly name: string;
      readonly kind: ContainerKind;
      /** Of the container; how often it was restarted. */
      readonly attempt: number;
      /** Containers that were made and never started: they are removed first. */
      readonly replaces: readonly string[];
      readonly sandboxId: string;
    }
  | {
      readonly do: 'kill-container';
      readonly name: string;
      readonly id: string;
      /** Seconds; whole. */
      readonly graceSeconds: number;
      readonly reason: KillReason;
      /** As upstream's event says it. */
      readonly message: string;
    };

/** A container could not be started; until `retryAt` (milliseconds) it is not tried again. */
export interface StartFailure {
  /** `ErrImagePull`, `CreateContainerError`, … */
  readonly reason: string;
  readonly message: string;
  readonly retryAt: number;
  /** From a time on, it waits for this reason instead. */
  readonly later?: { readonly at: number; readonly reason: string; readonly message: string };
}

/** What of a pod's resources is in force. */
export interface ResizeState {
  /** What containers run with, by id; those that are absent have what they should. */
  readonly actual: ReadonlyMap<string, Amounts>;
  /** What the pod's cgroup was set for. */
  readonly cgroup: Allocation;
  /** The last attempt to change something failed. */
  readonly failed: boolean;
}

/** Why the node wants a pod gone. */
export interface Verdict {
  readonly reason: string;
  readonly message: string;
  /** Instead of the pod's own grace, when that is longer. */
  readonly graceSeconds?: number;
  /** The pod did nothing to deserve it: its condition `DisruptionTarget` says so (KEP-3329). */
  readonly disruption?: boolean;
}

/** What must be remembered between decisions and cannot be read from the runtime. */
export interface PodMemory {
  readonly backoff: BackoffEntries;
  /** When the pod began to end. */
  readonly endingSince?: number;
  /** Ids of containers that were killed to be started again, whatever they exit with. */
  readonly restarting?: ReadonlySet<string>;
}

export interface PodInput {
  readonly pod: k8s.Pod;
  readonly view: PodView;
  readonly probes: ProbeResults;
  /** By container name; of the sandbox under the empty name. */
  readonly failures: ReadonlyMap<string, StartFailure>;
  readonly memory: PodMemory;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The node wants it gone (eviction, deadline), whatever its containers do. */
  readonly verdict?: Verdict;
  readonly limits?: BackoffLimits;
  /** Absent: all is as the spec says. */
  readonly resize?: ResizeState;
}

export interface PodDecision {
  /** To be done now, in any order. */
  readonly actions: readonly PodAction[];
  readonly memory: PodMemory;
  /** Why containers that should run wait, by name. */
  readonly waiting: ReadonlyMap<string, { readonly reason: string; readonly message: string }>;
  /** Decide again then at the latest; undefined: only when something happens. */
  readonly wakeAt: number | undefined;
  /** Nothing of it runs and nothing will. */
  readonly ended: boolean;
}

/** What a decision is made of while it is being made. */
export interface Draft {
  readonly input: PodInput;
  readonly actions: PodAction[];
  readonly waiting: Map<string, { reason: string; message: string }>;
  readonly backoff: Map<string, BackoffEntry>;
  readonly restarting: Set<string>;
  wakeAt: number | undefined;
}

export function newDraft(input: PodInput): Draft {
  const backoff = new Map(input.memory.backoff);
  const present = input.view.containers.filter(({ id }) => input.memory.restarting?.has(id));
  const restarting = new Set(present.map(({ id }) => id));
  return { input, actions: [], waiting: new Map(), backoff, restarting, wakeAt: undefined };
}

/** Starts a container unless it must wait for its backoff or after a failure; answers whether it does. */
export function start(
  draft: Draft,
  container: k8s.Container,
  kind: ContainerKind,
  sandboxId: string,
): boolean {
  const { view, failures, now, limits = RESTART_BACKOFF, pod } = draft.input;
  const { name } = container;
  const elsewhere = view.containers.find((each) => each.name === name && each.state === 'running');
  if (elsewhere) {
    // in a former sandbox: never two of one name
    draft.restarting.add(elsewhere.id);
    kill(draft, container, elsewhere.id, 'pod-ends', `Stopping container ${name}`);
    return false;
  }
  const failure = failures.get(name);
  if (failure) {
    const { reason, message } = failure.later && failure.later.at <= now ? failure.later : failure;
    // it is shown until a start succeeds
    draft.waiting.set(name, { reason, message });
    if (failure.later && failure.later.at > now) wake(draft, failure.later.at);
    if (failure.retryAt > now) {
      wake(draft, failure.retryAt);
      return false;
    }
  }
  const latest = latestContainer(view, name);
  const entry = draft.backoff.get(name);
  const wait = restartAt(entry, latest, limits);
  if (wait && wait.at > now) {
    const { name: podName = '', namespace = '', uid = '' } = pod.metadata ?? {};
    const seconds = goDuration(wait.delayMs);
    const message = `back-off ${seconds} restarting failed container=${name} pod=${podName}_${namespace}(${uid})`;
    draft.waiting.set(name, { reason: 'CrashLoopBackOff', message });
    wake(draft, wait.at);
    return false;
  }
  if (latest?.state === 'exited') draft.backoff.set(name, nextEntry(entry, latest, now, limits));
  draft.actions.push({ do: 'start-container', name, kind, ...nextAttempt(view, name), sandboxId });
  return true;
}

/** As Go prints it: `10s`, `2m40s`. */
function goDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`;
}

export function kill(
  draft: Draft,
  container: k8s.Container,
  id: string,
  reason: KillReason,
  message: string,
): void {
  const graceSeconds = graceFor(draft.input.pod, container, reason);
  draft.actions.push({ do: 'kill-container', name: container.name, id, graceSeconds, reason, message });
}

const LEAST_GRACE_SECONDS = 2;

/** kuberuntime setTerminationGracePeriod: a failed probe may have a grace of its own. */
function graceFor(pod: k8s.Pod, container: k8s.Container, reason: KillReason): number {
  const probe =
    reason === 'startup-probe'
      ? container.startupProbe
      : reason === 'liveness-probe'
        ? container.livenessProbe
        : undefined;
  const grace = probe?.terminationGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
  return Math.max(grace, LEAST_GRACE_SECONDS);
}

export function wake(draft: Draft, at: number): void {
  draft.wakeAt = Math.min(draft.wakeAt ?? at, at);
}

export function finish(draft: Draft, ended = false, endingSince?: number): PodDecision {
  return {
    actions: draft.actions,
    memory: {
      backoff: draft.backoff,
      ...(endingSince === undefined ? {} : { endingSince }),
      ...(draft.restarting.size > 0 && { restarting: draft.restarting }),
    },
    waiting: draft.waiting,
    wakeAt: draft.wakeAt,
    ended,
  };
}
