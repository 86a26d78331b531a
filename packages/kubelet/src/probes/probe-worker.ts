import type { k8s } from '@sampan/api';
import { type Clock, messageOf } from '@sampan/base';
import type { PodEvent } from '../worker/pod-event.ts';
import { makeProbe, type ProbeMeans, type ProbeSubject } from './make-probe.ts';
import type { ProbeOutcome } from './probe-outcome.ts';
import { NO_RUN, nextDue, nextRun, type ProbeKind, type ProbeResult, probeTiming } from './probe-run.ts';

export interface ProbeWorkerOptions extends ProbeMeans {
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  /** When probing began on this node: what ran before is probed a little later, so that not all is at once. */
  readonly since: number;
  readonly report: (containerId: string, result: ProbeResult) => void;
  readonly tell: (event: Pick<PodEvent, 'type' | 'reason' | 'message'>) => void;
}

/** How a container is to be probed now. */
export interface ProbeTarget extends ProbeSubject {
  readonly probe: k8s.Probe;
  readonly status: k8s.ContainerStatus;
}

/** A probe that cannot be made is tried so often before that is told (kubelet maxProbeRetries). */
const TRIES = 3;
/** How soon after a failure what has only just started is looked at again. */
const FIRST_LOOK_MS = 100;

/** One kind of probe of one container, whichever is the present one of its name: one timer, at most one probe at a time. */
export class ProbeWorker {
  readonly #kind: ProbeKind;
  readonly #options: ProbeWorkerOptions;
  #target: ProbeTarget | undefined;
  #containerId = '';
  #run = NO_RUN;
  /** The container is condemned: there is nothing to ask any more. */
  #onHold = false;
  #round: ProbeRound | undefined;

  constructor(kind: ProbeKind, options: ProbeWorkerOptions) {
    this.#kind = kind;
    this.#options = options;
  }

  /** How its container is now; undefined: there is none. */
  update(target: ProbeTarget | undefined): void {
    this.#target = target;
    if (target && target.containerId !== this.#containerId) this.#begin(target);
    if (!target || !this.#wanted(target)) this.#stop();
    else this.#round ??= this.#startRound(target);
  }

  close(): void {
    this.#stop();
  }

  #begin({ containerId, status }: ProbeTarget): void {
    this.#stop();
    this.#containerId = containerId;
    this.#run = NO_RUN;
    this.#onHold = false;
    // what was found before the agent was restarted holds until it is found otherwise
    const known = { startup: status.started, readiness: status.ready, liveness: false }[this.#kind];
    if (known) this.#options.report(containerId, 'success');
  }

  #wanted({ pod, status }: ProbeTarget): boolean {
    if (this.#onHold || !status.state?.running) return false;
    // what is ending need not live, but may be unready before it is gone
    if (this.#kind !== 'readiness' && pod.metadata?.deletionTimestamp !== undefined) return false;
    return this.#kind === 'startup' ? !status.started : status.started === true;
  }

  #startRound({ probe, status }: ProbeTarget): ProbeRound {
    const { clock, since, random } = this.#options;
    const timing = probeTiming(probe);
    const startedAt = Date.parse(status.state?.running?.startedAt ?? '') || clock.now();
    // statuses have whole seconds
    const adopted = startedAt + 1000 < since;
    const jitter = adopted ? random() * timing.periodMs : 0;
    const base = Math.max(clock.now() + jitter, startedAt + timing.delayMs);
    const impatient = this.#kind !== 'liveness' && !probe.exec && !adopted;
    const plan = { base, periodMs: timing.periodMs, impatient };
    return new ProbeRound(clock, plan, (early, signal) => this.#probe(early, signal));
  }

  #stop(): void {
    this.#round?.close();
    this.#round = undefined;
  }

  /** Answers whether it was a success. A failure that came `early` does not count. */
  async #probe(early: boolean, signal: AbortSignal): Promise<boolean> {
    const target = this.#target;
    if (!target) return false;
    const outcome = await this.#try(target, early, signal);
    if (signal.aborted || outcome === undefined) return false;
    const result = outcome.result === 'failure' ? 'failure' : 'success';
    if (early && result === 'failure') return false;
    this.#tellOf(outcome);
    const { run, verdict } = nextRun(this.#run, result, probeTiming(target.probe));
    this.#run = run;
    if (verdict === 'failure' && this.#kind !== 'readiness') {
      this.#onHold = true;
      this.#stop();
    }
    if (verdict) this.#options.report(target.containerId, verdict);
    return result === 'success';
  }

  /** undefined: it could not be made, which says nothing. */
  async #try(target: ProbeTarget, early: boolean, signal: AbortSignal): Promise<ProbeOutcome | undefined> {
    let problem: unknown;
    for (let left = TRIES; left > 0 && !signal.aborted; left--) {
      try {
        return await makeProbe(this.#options, target, target.probe, signal);
      } catch (error) {
        problem = error;
      }
    }
    if (signal.aborted || early) return undefined;
    const message = `${titleOf(this.#kind)} probe errored and resulted in unknown state: ${messageOf(problem)}`;
    this.#options.tell({ type: 'Warning', reason: 'Unhealthy', message });
    return undefined;
  }

  #tellOf({ result, output }: ProbeOutcome): void {
    const title = titleOf(this.#kind);
    if (result === 'failure') {
      const message = `${title} probe failed: ${output}`;
      this.#options.tell({ type: 'Warning', reason: 'Unhealthy', message });
    } else if (result === 'warning') {
      const message = `${title} probe warning: ${output}`;
      this.#options.tell({ type: 'Warning', reason: 'ProbeWarning', message });
    }
  }
}

function titleOf(kind: ProbeKind): string {
  return `${kind.slice(0, 1).toUpperCase()}${kind.slice(1)}`;
}

interface RoundPlan {
  /** When the first probe is due. */
  readonly base: number;
  readonly periodMs: number;
  /** Between the first probes there are more, so that what starts quickly is not noticed a whole period late. */
  readonly impatient: boolean;
}

/** The times at which a container is probed until the round is closed. */
class ProbeRound {
  readonly #clock: Clock;
  readonly #plan: RoundPlan;
  readonly #probe: (early: boolean, signal: AbortSignal) => Promise<boolean>;
  readonly #abort = new AbortController();
  #cancel: () => void;
  #lookMs = FIRST_LOOK_MS;
  #impatient: boolean;

  constructor(
    clock: Clock,
    plan: RoundPlan,
    probe: (early: boolean, signal: AbortSignal) => Promise<boolean>,
  ) {
    this.#clock = clock;
    this.#plan = plan;
    this.#probe = probe;
    this.#impatient = plan.impatient;
    this.#cancel = this.#at(plan.base, plan.base, false);
  }

  close(): void {
    this.#abort.abort();
    this.#cancel();
  }

  /** `due`: of the last probe that counts; this one, unless it is `early`. */
  #at(time: number, due: number, early: boolean): () => void {
    return this.#clock.schedule(() => void this.#turn(due, early), time - this.#clock.now());
  }

  async #turn(due: number, early: boolean): Promise<void> {
    const { base, periodMs } = this.#plan;
    const succeeded = await this.#probe(early, this.#abort.signal);
    if (this.#abort.signal.aborted) return;
    const now = this.#clock.now();
    const next = nextDue(base, periodMs, due, now);
    const look = now + this.#lookMs;
    this.#lookMs *= 2;
    this.#impatient &&= !succeeded && look < Math.min(next, base + periodMs);
    this.#cancel = this.#impatient ? this.#at(look, due, true) : this.#at(next, next, false);
  }
}
