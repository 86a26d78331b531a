/**
 * Scheduling pods onto nodes that are only objects:
 *
 *     node bench/scheduler.ts [--nodes 5000] [--pods 10000] [--only core|api] [--kind plain|replicas|zones|apart]
 *
 * `core`: the scheduler's core alone, told of everything in process; floor 10,000 pods/s. `api`: from the creation
 * of the first pod through our API, in process and on an SQLite file, to the last binding; floor 1,000 pods/s
 * (upstream's own gate, SchedulingBasic of scheduler_perf, is 680). Exit code 1 when a floor is not met.
 */
import { parseArgs } from 'node:util';
import { benchApi } from './scheduler/api.ts';
import { benchCore } from './scheduler/core.ts';
import { isPodShape, POD_SHAPES } from './scheduler/objects.ts';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '5000' },
    pods: { type: 'string', default: '10000' },
    only: { type: 'string' },
    kind: { type: 'string', default: 'plain' },
  },
});
const { kind } = values;
if (!isPodShape(kind)) throw new Error(`--kind is one of ${POD_SHAPES.join(', ')}`);
if (kind === 'replicas' && values.only !== 'core')
  throw new Error(
    '--kind replicas goes with --only core: the API would collect pods whose owners there are none of',
  );
const load = { nodes: Number(values.nodes), pods: Number(values.pods), kind };

const FLOORS = { core: 10_000, api: 1000 } as const;

/** Whatever else runs on the machine only slows it: a floor that is met once is met. */
const ROUNDS = 3;

async function measure(name: keyof typeof FLOORS, run: () => number | Promise<number>): Promise<void> {
  if (values.only !== undefined && values.only !== name) return;
  let best = 0;
  for (let round = 0; round < ROUNDS && best < FLOORS[name]; round++) best = Math.max(best, await run());
  const isMet = best >= FLOORS[name];
  console.log(`${name}: ${Math.round(best)} pods/s, floor ${FLOORS[name]}: ${isMet ? 'met' : 'NOT MET'}`);
  if (!isMet) process.exitCode = 1;
}

await measure('core', () => benchCore(load));
await measure('api', () => benchApi(load));
