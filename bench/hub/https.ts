/** The same pushes and pulls over TLS, as clients on other machines have them; and what they cost. */
import { cpuSeconds } from '../apiserver/process-stats.ts';
import { makeBlob, transfer } from './blobs.ts';
import { type BenchedRegistry, startDistribution } from './registries.ts';
import { startWholeSampan } from './whole-sampan.ts';

export interface HttpsFigures {
  /** MB (10^6 bytes) a second. */
  readonly push: number;
  readonly pull: number;
  /** MB for each second of the registry's processor time. */
  readonly work: { readonly push: number; readonly pull: number };
}

export interface HttpsCase {
  /** Of each blob. */
  readonly bytes: number;
  /** Blobs in all. */
  readonly count: number;
  readonly clients: number;
}

/** Both anew: what one stored does not slow the next. */
export async function httpsFigures(what: HttpsCase): Promise<{ ours: HttpsFigures; theirs: HttpsFigures }> {
  const sampan = await startWholeSampan();
  const ours = await figuresOf(sampan.secure, what);
  const theirs = await figuresOf(await startDistribution({ isSecure: true }), what);
  return { ours, theirs };
}

async function figuresOf(
  registry: BenchedRegistry,
  { bytes, count, clients }: HttpsCase,
): Promise<HttpsFigures> {
  try {
    const blobs = Array.from({ length: count }, () => makeBlob(bytes));
    const total = (bytes * count) / 1e6;
    let used = cpuSeconds(registry.pids);
    const work: number[] = [];
    const note = () => {
      const now = cpuSeconds(registry.pids);
      work.push(total / (now - used));
      used = now;
    };
    const { push, pull } = await transfer(registry, blobs, clients, note);
    const [pushWork = Number.NaN, pullWork = Number.NaN] = work;
    return { push, pull, work: { push: pushWork, pull: pullWork } };
  } finally {
    await registry.stop();
  }
}
