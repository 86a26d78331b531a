/**
 * Sampan against upstream kube-apiserver 1.20.2 over etcd 3.4, in one run on one machine:
 *
 *     node bench/apiserver.ts [--quick] [--only NAME] [--server FILE] [--node-flags FLAGS]
 *
 * `--quick`: one short round of each load, and upstream is not filled with 100,000 objects (that takes minutes).
 * `--only`: one of get, create, patch, delete, list, fan-out, weights. Wants Debian's `wrk` and `etcd-server`, the
 * programs of `tools/upstream/build-kubernetes.sh`, and `make build`. `--server` and `--node-flags` try
 * another bundle and flags for it. Exit code 1 when a floor is not met.
 */
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import type { Contestant } from './apiserver/contestant.ts';
import { compareRates, type Loaded } from './apiserver/rates.ts';
import { Report } from './apiserver/report.ts';
import { type SampanOptions, startSampan } from './apiserver/sampan.ts';
import { loadToken } from './apiserver/service-account.ts';
import { startUpstream } from './apiserver/upstream.ts';
import { reportWeights, weigh } from './apiserver/weights.ts';

interface Options {
  readonly quick: boolean;
  readonly only: string | undefined;
  readonly sampan: SampanOptions;
}

const load = async (contestant: Contestant): Promise<Loaded> => ({
  contestant,
  token: await loadToken(contestant.admin),
});

async function rates({ quick, only, sampan: how }: Options, report: Report): Promise<void> {
  const upstream = await startUpstream();
  try {
    const sampan = await startSampan(how);
    try {
      const both = [await load(upstream), await load(sampan)] as const;
      await compareRates(both, { rounds: quick ? 1 : 3, seconds: quick ? 3 : 5, only }, report);
    } finally {
      await sampan.stop();
    }
  } finally {
    await upstream.stop();
  }
}

async function weights({ quick, sampan }: Options, report: Report): Promise<void> {
  // one after the other: each is alone when it is weighed
  const upstream = await weigh(await startUpstream(), !quick);
  reportWeights(upstream, await weigh(await startSampan(sampan), true), report);
}

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    server: { type: 'string' },
    'node-flags': { type: 'string', default: '' },
  },
});
const options: Options = {
  quick: values.quick,
  only: values.only,
  sampan: { program: values.server, nodeFlags: values['node-flags'].split(' ').filter(Boolean) },
};
const report = new Report();
const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
console.log(`${cpus().length} × ${processor}, ${Math.round(totalmem() / 1e9)} GB, Node ${process.version}`);
if (options.only !== 'weights') await rates(options, report);
if (options.only === undefined || options.only === 'weights') await weights(options, report);
if (report.missed.length > 0) {
  console.log(`not met: ${report.missed.join(', ')}`);
  process.exitCode = 1;
}
