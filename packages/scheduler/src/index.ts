/**
 * Puts pods on nodes. Start with `scheduler-core.ts` (what is decided and when), then `pod-class.ts` (how one pod is
 * judged); `start-scheduler.ts` connects it to an API.
 */
export type { BindDecision, Decision, FailDecision } from './decision.ts';
export { type CoreOptions, SchedulerCore } from './scheduler-core.ts';
export { type Scheduler, type SchedulerOptions, startScheduler } from './start-scheduler.ts';
