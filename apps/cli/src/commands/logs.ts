import { findApp, listApps } from '../apps/app.ts';
import { followLogs } from '../apps/pod-logs.ts';
import { withCluster } from '../cluster.ts';
import type { Invocation } from '../command.ts';
import { printLogFile } from '../log-file.ts';
import { numberOf } from '../values.ts';

/** Of an application by name; else of Sampan itself. */
export async function run(invocation: Invocation): Promise<number> {
  const { options, args } = invocation;
  const tail = numberOf('tail', options.tail, { least: 0, most: 1_000_000 }) ?? 100;
  const follows = options.follow === true;
  const [name] = args;
  if (name === undefined) {
    return await printLogFile(logOf(invocation), tail, follows);
  }
  const since = numberOf('since', options.since, { least: 1, most: 2 ** 31 });
  return await withCluster(invocation, async ({ client, access, namespace }) => {
    const app = findApp(await listApps(client, namespace), name);
    return await followLogs(access, app, {
      tail,
      follows,
      ...(since === undefined ? {} : { since }),
      container: typeof options.container === 'string' ? options.container : undefined,
      previous: options.previous === true,
      timestamps: options.timestamps === true,
    });
  });
}

function logOf({ home, options }: Invocation): string {
  if (options.node === true) return home.node.log;
  return options.hub === true ? home.hub.log : home.serverLog;
}
