/**
 * Guest clusters, many of them, on one server with its guests process:
 *
 *     node bench/clusters.ts [--quick] [--only create,wake,noise,asleep] [--program dist/server.mjs]
 *
 * `create`: from the Cluster object's creation to the first list that the new cluster answers its administrator, over
 * connections of their own; then what the guests process weighs and burns with all of them awake and idle. `wake`: the
 * first request to a cluster that sleeps with 1,000 objects. `noise`: reads of another cluster and of the host cluster
 * while one is listed (3,000 objects, 3 MB) at full speed. `asleep`: what 10,000 sleeping clusters weigh, and how long
 * the server takes to start on them. Exit code 1 when a limit is not kept.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { cpuPercent, residentMb } from './apiserver/process-stats.ts';
import { ClustersServer, get } from './clusters/clusters-server.ts';
import { fill } from './clusters/fill.ts';
import { timed, Verdicts } from './clusters/measured.ts';
import { readsBesideNoise } from './clusters/noisy-neighbour.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: 'create,wake,noise,asleep' },
    program: { type: 'string', default: join(import.meta.dirname, '..', 'dist', 'server.mjs') },
  },
});
if (!existsSync(values.program)) throw new Error(`${values.program} is missing: make build`);

const SCALE = values.quick
  ? { awake: 100, asleep: 500, sleepers: 5, wakes: 20, idleSeconds: 10, settleMs: 20_000, noiseSeconds: 5 }
  : {
      awake: 1000,
      asleep: 10_000,
      sleepers: 20,
      wakes: 200,
      idleSeconds: 30,
      settleMs: 120_000,
      noiseSeconds: 20,
    };
/** Never falls asleep by itself. */
const AWAKE = { idleSeconds: 0 };
const NAMESPACES = '/api/v1/namespaces';

const verdicts = new Verdicts();
const parts = values.only.split(',');

const server = await ClustersServer.start(values.program);
try {
  // what every process does once is not a cluster's
  for (let i = 0; i < 10; i++) await createAndList(`first-${i}`);
  if (parts.includes('create')) await benchCreate();
  if (parts.includes('wake')) await benchWake();
  if (parts.includes('noise')) await benchNoise();
  if (parts.includes('asleep')) await benchAsleep();
} finally {
  await server.end();
}
if (!verdicts.allMet) process.exitCode = 1;

async function createAndList(name: string): Promise<void> {
  await server.create(name, AWAKE);
  await get(server.guest(name), NAMESPACES);
}

async function benchCreate(): Promise<void> {
  const { guests } = server.pids;
  await sleep(5000);
  const before = residentMb([guests]);
  const times: number[] = [];
  for (let i = 0; i < SCALE.awake; i++) times.push(await timed(() => createAndList(`awake-${i}`)));
  verdicts.times('create, first list answered', times, { p50: 50, p99: 200 });
  // the engine gives back what it does not need when nothing has happened for a while (100 seconds)
  await sleep(SCALE.settleMs);
  const megabytes = residentMb([guests]) - before;
  verdicts.value('memory of an awake idle cluster', megabytes / SCALE.awake, 'MB', 1.5);
  const percent = await cpuPercent(Object.values(server.pids), SCALE.idleSeconds);
  verdicts.value(`processor, ${SCALE.awake} awake and idle`, percent, '%', 2);
}

async function benchWake(): Promise<void> {
  const names = Array.from({ length: SCALE.sleepers }, (_, index) => `sleeper-${index}`);
  for (const name of names) {
    await createAndList(name);
    await fill(server.guest(name), { objects: 1000, bytes: 300 });
  }
  const times: number[] = [];
  while (times.length < SCALE.wakes) {
    for (const name of names) {
      await server.putToSleep(name);
      const access = server.guest(name);
      times.push(await timed(() => get(access, '/api/v1/namespaces/default/configmaps/filling-7')));
    }
  }
  verdicts.times('wake with 1,000 objects, first request', times, { p50: 30, p99: 100 });
}

async function benchNoise(): Promise<void> {
  await createAndList('noisy');
  await fill(server.guest('noisy'), { objects: 3000, bytes: 800 });
  await createAndList('neighbour');
  const noisy = { access: server.guest('noisy'), path: '/api/v1/namespaces/default/configmaps' };
  const subjects = { neighbour: server.guest('neighbour'), host: server.host() };
  const { times, lists, refused } = await readsBesideNoise(noisy, subjects, SCALE.noiseSeconds);
  verdicts.value('lists that the noisy cluster answered', lists / SCALE.noiseSeconds, '/s');
  verdicts.value('lists that it refused (429)', refused / SCALE.noiseSeconds, '/s');
  verdicts.times('reads of another cluster meanwhile', times.neighbour, { p99: 50 });
  verdicts.times('reads of the host cluster meanwhile', times.host, { p99: 20 });
}

async function benchAsleep(): Promise<void> {
  const { guests, server: main } = server.pids;
  await sleep(5000);
  const before = { guests: residentMb([guests]), main: residentMb([main]) };
  const names = Array.from({ length: SCALE.asleep }, (_, index) => `asleep-${index}`);
  await inParallel(names, 4, async (name) => {
    await server.create(name, { paused: true }, 'Sleeping');
    await server.change(name, { paused: false }, 'Sleeping');
  });
  await sleep(5000);
  verdicts.value(
    'memory of a sleeping cluster, guests process',
    ((residentMb([guests]) - before.guests) * 1000) / SCALE.asleep,
    'kB',
  );
  verdicts.value(
    'memory of a sleeping cluster, its object',
    ((residentMb([main]) - before.main) * 1000) / SCALE.asleep,
    'kB',
  );
  await server.stop();
  const sleeper = names[7] ?? '';
  let readyMs = 0;
  const startMs = await timed(async () => {
    readyMs = await server.start();
    await get(server.guest(sleeper), NAMESPACES);
  });
  verdicts.value(`start on ${SCALE.asleep} clusters, ready`, readyMs, 'ms', 2000);
  verdicts.value('start, first list of a cluster answered', startMs, 'ms', 2000);
}

async function inParallel<T>(
  items: readonly T[],
  workers: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const work = async (): Promise<void> => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await task(item);
  };
  await Promise.all(Array.from({ length: workers }, work));
}
