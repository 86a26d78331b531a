/** Requests a second of both servers, taken in turns so that what else the machine does meets both. */
import type { Contestant } from './contestant.ts';
import { fanOut } from './fan-out.ts';
import { RATIO_FLOORS } from './floors.ts';
import { must } from './http.ts';
import type { Figures, Report } from './report.ts';
import { type Load, runWrk } from './wrk.ts';

/** A server with the token that the load carries. */
export interface Loaded {
  readonly contestant: Contestant;
  readonly token: string;
}

export interface RateOptions {
  readonly rounds: number;
  /** Of each load of each round. */
  readonly seconds: number;
  /** Only these workloads; undefined: all. */
  readonly only: string | undefined;
}

const LISTED = 3000;
const READ = 1000;
/** Upper bound of the time in which a fixed number of objects must be made. */
const PREPARE_SECONDS = 600;

type Round = (loaded: Loaded, round: number, seconds: number) => Promise<Figures>;

const wrk = ({ contestant, token }: Loaded, load: Load) => runWrk(contestant.admin.url, token, load);

async function rate(loaded: Loaded, load: Load): Promise<Figures> {
  const { requests, seconds, p50, p99 } = await wrk(loaded, load);
  return { rate: requests / seconds, p50, p99 };
}

const on = (namespace: string, prefix: string) => ({ namespace, prefix });

/** Each workload; deletes take what a create of the same round made first. */
const ROUNDS: Readonly<Record<string, Round>> = {
  get: (loaded, _, seconds) =>
    rate(loaded, { verb: 'get', ...on('bench-read', 'object-'), count: READ, seconds }),
  create: (loaded, round, seconds) =>
    rate(loaded, { verb: 'create', ...on('bench-write', `create-${round}-`), count: 0, seconds }),
  patch: (loaded, _, seconds) =>
    rate(loaded, { verb: 'patch', ...on('bench-patch', 'object-'), count: READ, seconds }),
  delete: async (loaded, round, seconds) => {
    const place = on('bench-write', `delete-${round}-`);
    const { requests } = await wrk(loaded, { verb: 'create', ...place, count: 0, seconds: seconds + 1 });
    // the last ones of the create may have been cut off
    return rate(loaded, { verb: 'delete', ...place, count: requests - 64, seconds: PREPARE_SECONDS });
  },
  list: (loaded, _, seconds) => rate(loaded, { verb: 'list', ...on('bench-list', ''), count: 0, seconds }),
  'fan-out': async ({ contestant, token }, round) => {
    const { seconds, p50, p99 } = await fanOut(contestant, token, `bench-watch-${round}`);
    return { rate: 1 / seconds, p50, p99 };
  },
};

/** Makes the objects that are read, listed and patched. */
async function prepare(loaded: Loaded): Promise<void> {
  const { contestant, token } = loaded;
  const access = { url: contestant.admin.url, ca: contestant.admin.ca, token };
  for (const name of ['bench-read', 'bench-write', 'bench-patch', 'bench-list']) {
    await must(access, 'POST', '/api/v1/namespaces', { metadata: { name } });
  }
  for (const [namespace, count] of Object.entries({
    'bench-read': READ,
    'bench-patch': READ,
    'bench-list': LISTED,
  })) {
    await wrk(loaded, { verb: 'create', ...on(namespace, 'object-'), count, seconds: PREPARE_SECONDS });
  }
}

/** The median round by rate. */
function median(figures: readonly Figures[]): Figures {
  const sorted = figures.toSorted((a, b) => a.rate - b.rate);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (!middle) throw new Error('there was no round');
  return middle;
}

/** Runs every workload, upstream and Sampan by turns, and reports the median round of each. */
export async function compareRates(
  [upstream, sampan]: readonly [Loaded, Loaded],
  { rounds, seconds, only }: RateOptions,
  report: Report,
): Promise<void> {
  for (const loaded of [upstream, sampan]) await prepare(loaded);
  report.head();
  for (const [name, round] of Object.entries(ROUNDS)) {
    if (only !== undefined && only !== name) continue;
    const figures: [Figures[], Figures[]] = [[], []];
    // the first one warms both up and does not count
    for (let n = 0; n <= rounds; n++) {
      for (const [index, loaded] of [upstream, sampan].entries()) {
        const one = await round(loaded, n, seconds);
        if (n > 0) figures[index]?.push(one);
      }
    }
    report.compare(name, median(figures[0]), median(figures[1]), RATIO_FLOORS[name] ?? 0);
  }
}
