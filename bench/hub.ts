/**
 * The container registry beside Debian's docker-registry (distribution 2.8), on the same disk:
 *
 *     node bench/hub.ts [--quick] [--only blobs,https,requests,memory,api]
 *
 * `blobs`: pushes and pulls of 1 MB, 100 MB and 1 GB, by one client and by 16. `https`:
 * the same over TLS by one client and by 4, of a whole Sampan, whose one port also serves the API, and what they cost the
 * processor. `requests`: manifests by tag, and lists
 * of 10,000 tags. `memory`: what Sampan's registry grows by while 16 clients push 500 MB each and pull them, three
 * times. `api`: how fast a whole Sampan answers the Kubernetes API under such a load. Sampan's registry checks a token
 * with each request, the other one has no login. Exit code 1 when a limit is not kept.
 */
import { parseArgs } from 'node:util';
import { residentMb } from './apiserver/process-stats.ts';
import { percentile } from './clusters/measured.ts';
import { apiTimesBeside } from './hub/api-beside.ts';
import { makeBlob, transfer } from './hub/blobs.ts';
import { Comparison } from './hub/comparison.ts';
import { type HttpsFigures, httpsFigures } from './hub/https.ts';
import { type BenchedRegistry, startDistribution, startSampan } from './hub/registries.ts';
import { manifestRate, pushTags, tagListRate } from './hub/requests.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: 'blobs,https,requests,memory,api' },
  },
});
const parts = values.only.split(',');
const MB = 1e6;

/** Each case is run this often by each registry in turn; the middle one counts. */
const ROUNDS = values.quick ? 1 : 3;

/** `count`: blobs in all. */
const CASES = [
  { name: '1 MB', bytes: MB, clients: 1, count: 200, rounds: ROUNDS },
  { name: '1 MB', bytes: MB, clients: 16, count: 800, rounds: ROUNDS },
  { name: '100 MB', bytes: 100 * MB, clients: 1, count: 8, rounds: ROUNDS },
  { name: '100 MB', bytes: 100 * MB, clients: 16, count: 32, rounds: ROUNDS },
  { name: '1 GB', bytes: 1000 * MB, clients: 1, count: 2, rounds: ROUNDS },
  { name: '1 GB', bytes: 1000 * MB, clients: 16, count: values.quick ? 8 : 16, rounds: 1 },
];

const HTTPS_CASES = [
  { name: '100 MB', bytes: 100 * MB, clients: 1, count: 8 },
  { name: '100 MB', bytes: 100 * MB, clients: 4, count: 16 },
  { name: '1 GB', bytes: 1000 * MB, clients: 1, count: 2 },
  { name: '1 GB', bytes: 1000 * MB, clients: 4, count: 4 },
];

/** Times theirs; every byte passes two processes, theirs one. */
const HTTPS_LEAST = { push: 1, pull: 0.5 };

const TAGS = values.quick ? 2000 : 10_000;
const SECONDS = values.quick ? 3 : 10;

const comparison = new Comparison();
if (parts.includes('blobs')) await benchBlobs();
if (parts.includes('https')) await benchHttps();
if (parts.includes('requests')) await benchRequests();
if (parts.includes('memory')) await benchMemory();
if (parts.includes('api')) {
  const load = { bytes: (values.quick ? 50 : 200) * MB, rounds: 3 };
  const plain = await apiTimesBeside('plain', { ...load, clients: 16 });
  comparison.value('API beside it, p99 of reads', percentile(plain, 99), 'ms', 50);
  const secure = await apiTimesBeside('secure', { ...load, clients: 4 });
  comparison.value('API beside it over HTTPS, p99 of reads', percentile(secure, 99), 'ms', 50);
}
if (!comparison.allMet) process.exitCode = 1;

/** Both anew for each case: what one stored does not slow the next, and the disk does not fill. */
async function withBoth<T>(task: (registry: BenchedRegistry) => Promise<T>): Promise<{ ours: T; theirs: T }> {
  const result: T[] = [];
  for (const start of [startDistribution, startSampan]) {
    const registry = await start();
    try {
      result.push(await task(registry));
    } finally {
      await registry.stop();
    }
  }
  const [theirs, ours] = result as [T, T];
  return { ours, theirs };
}

async function benchBlobs(): Promise<void> {
  for (const { name, bytes, clients, count, rounds } of CASES) {
    const rates: { ours: Rates; theirs: Rates }[] = [];
    for (let round = 0; round < rounds; round++) {
      rates.push(
        await withBoth((registry) => {
          const blobs = Array.from({ length: count }, () => makeBlob(bytes));
          return transfer(registry, blobs, clients);
        }),
      );
    }
    const by = `${clients} client${clients === 1 ? '' : 's'}`;
    comparison.rates(`push of ${name}, ${by}`, pick(rates, 'push'), 'MB/s', 1.4);
    comparison.rates(`pull of ${name}, ${by}`, pick(rates, 'pull'), 'MB/s', 0.95);
  }
}

async function benchHttps(): Promise<void> {
  for (const { name, clients, ...sizes } of HTTPS_CASES) {
    const figures: { ours: HttpsFigures; theirs: HttpsFigures }[] = [];
    for (let round = 0; round < ROUNDS; round++) figures.push(await httpsFigures({ clients, ...sizes }));
    const work = figures.map(({ ours, theirs }) => ({ ours: ours.work, theirs: theirs.work }));
    for (const what of ['push', 'pull'] as const) {
      const title = `${what} of ${name} over HTTPS, ${clients}`;
      comparison.rates(title, pick(figures, what), 'MB/s', HTTPS_LEAST[what]);
      comparison.rates(`${title}, by CPU`, pick(work, what), 'MB/s', HTTPS_LEAST[what]);
    }
  }
}

interface Rates {
  readonly push: number;
  readonly pull: number;
}

function pick(rates: readonly { ours: Rates; theirs: Rates }[], what: keyof Rates) {
  return { ours: rates.map(({ ours }) => ours[what]), theirs: rates.map(({ theirs }) => theirs[what]) };
}

async function benchRequests(): Promise<void> {
  const { ours, theirs } = await withBoth(async (registry) => {
    await pushTags(registry, TAGS);
    await manifestRate(registry, 1000, 2);
    const manifests = await manifestRate(registry, 1000, SECONDS);
    await tagListRate(registry, 2);
    return { manifests, lists: await tagListRate(registry, SECONDS) };
  });
  comparison.rates('manifests by tag', { ours: [ours.manifests], theirs: [theirs.manifests] }, '/s', 2);
  comparison.rates(`lists of ${TAGS} tags`, { ours: [ours.lists], theirs: [theirs.lists] }, '/s', 10);
}

async function benchMemory(): Promise<void> {
  const registry = await startSampan();
  try {
    // what every process needs once is not the pushes'
    await transfer(registry, [makeBlob(10 * MB)], 1);
    const before = residentMb([registry.pid]);
    for (let round = 1; round <= 3; round++) {
      let most = 0;
      const sampling = setInterval(() => {
        most = Math.max(most, residentMb([registry.pid]));
      }, 50);
      const blobs = Array.from({ length: 16 }, () => makeBlob((values.quick ? 100 : 500) * MB));
      await transfer(registry, blobs, 16);
      clearInterval(sampling);
      comparison.value(`memory growth, 16 clients push, round ${round}`, most - before, 'MB', 64);
    }
  } finally {
    await registry.stop();
  }
}
