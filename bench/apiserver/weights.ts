/** Start, memory and idleness of both servers, each alone on the machine and freshly started. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contestant } from './contestant.ts';
import { LIMITS } from './floors.ts';
import { must } from './http.ts';
import { cpuPercent, residentMb } from './process-stats.ts';
import type { Report } from './report.ts';
import { loadToken } from './service-account.ts';
import { runWrk } from './wrk.ts';

export const FILLED = 100_000;
/** What follows a start or a load is over by then, and garbage is collected. */
const SETTLE_SECONDS = 10;
const IDLE_SECONDS = 30;
const FILL_SECONDS = 900;

export interface Weights {
  /** Of the first start on an empty store, and of the quickest of three on a used one. */
  readonly firstStartMs: number;
  readonly startMs: number;
  readonly freshMb: number;
  readonly idlePercent: number;
  /** With 100,000 ConfigMaps of 500 bytes: after writing them, and after a start on them. */
  readonly filledMb?: number;
  readonly filledStartMs?: number;
  readonly reloadedMb?: number;
}

/** Weighs one server and stops it. */
export async function weigh(contestant: Contestant, fill: boolean): Promise<Weights> {
  try {
    const firstStartMs = contestant.startMs;
    const startMs = await quickestStart(contestant);
    await sleep(SETTLE_SECONDS * 1000);
    const freshMb = residentMb(contestant.pids);
    const idlePercent = await cpuPercent(contestant.pids, IDLE_SECONDS);
    const weights = { firstStartMs, startMs, freshMb, idlePercent };
    return fill ? { ...weights, ...(await weighFilled(contestant)) } : weights;
  } finally {
    await contestant.stop();
  }
}

/** Of three, so that what else the machine does counts less. */
async function quickestStart(contestant: Contestant): Promise<number> {
  const starts: number[] = [];
  for (let n = 0; n < 3; n++) {
    await contestant.restart();
    starts.push(contestant.startMs);
  }
  return Math.min(...starts);
}

async function weighFilled(contestant: Contestant) {
  const { admin } = contestant;
  const token = await loadToken(admin);
  await must(admin, 'POST', '/api/v1/namespaces', { metadata: { name: 'bench-fill' } });
  const place = { namespace: 'bench-fill', prefix: 'object-' };
  await runWrk(admin.url, token, { verb: 'create', ...place, count: FILLED, seconds: FILL_SECONDS });
  await sleep(SETTLE_SECONDS * 1000);
  const filledMb = residentMb(contestant.pids);
  const filledStartMs = await quickestStart(contestant);
  await sleep(SETTLE_SECONDS * 1000);
  return { filledMb, filledStartMs, reloadedMb: residentMb(contestant.pids) };
}

/** Tells both side by side. */
export function reportWeights(upstream: Weights, sampan: Weights, report: Report): void {
  const limit = (ms: number) => Math.min(LIMITS.startMs, ms * LIMITS.startShare);
  report.measure('start to /readyz', upstream.startMs, sampan.startMs, 'ms', limit(upstream.startMs));
  const [first, ours] = [upstream.firstStartMs, sampan.firstStartMs];
  report.measure('first start, empty store', first, ours, 'ms', limit(first));
  report.measure('memory, fresh and idle', upstream.freshMb, sampan.freshMb, 'MB', LIMITS.freshMb);
  report.measure('processor, idle', upstream.idlePercent, sampan.idlePercent, '%', LIMITS.idlePercent);
  if (sampan.filledMb === undefined) return;
  report.measure('memory, 100,000 ConfigMaps', upstream.filledMb, sampan.filledMb, 'MB', LIMITS.filledMb);
  const reloaded = sampan.reloadedMb ?? Number.NaN;
  report.measure('the same after a restart', upstream.reloadedMb, reloaded, 'MB', LIMITS.filledMb);
  const start = sampan.filledStartMs ?? Number.NaN;
  report.measure('start on them', upstream.filledStartMs, start, 'ms', LIMITS.filledStartMs);
}
