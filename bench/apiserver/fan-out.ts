/** Watch fan-out: how long until every watcher has seen every change, and how late single ones are. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Contestant } from './contestant.ts';
import { sendChanges } from './fan-out-changes.ts';
import type { Begin, Finish, Report } from './fan-out-watchers.ts';
import { type Access, must } from './http.ts';

export const WATCHERS = 100;
export const CHANGES = 1000;

const PROGRAM = fileURLToPath(new URL('fan-out-watchers.ts', import.meta.url));

export interface FanOut {
  /** From sending the first change until all watchers have seen all. */
  readonly seconds: number;
  /** Of delivery, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** One round in `namespace`, which it makes: changes are creations of ConfigMaps by 32 connections. */
export async function fanOut(contestant: Contestant, token: string, namespace: string): Promise<FanOut> {
  const { url, ca } = contestant.admin;
  const load: Access = { url, ca, token };
  await must(load, 'POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  const { hostname: host, port } = new URL(url);
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const listed = (await must(load, 'GET', path)) as { metadata: { resourceVersion: string } };
  const watchers = fork(PROGRAM);
  const next = async (): Promise<Report> => (await once(watchers, 'message'))[0] as Report;
  const begin: Begin = {
    ...{ type: 'begin', host, port: Number(port), token, watchers: WATCHERS, changes: CHANGES },
    path: `${path}?watch=true&resourceVersion=${listed.metadata.resourceVersion}`,
  };
  watchers.send(begin);
  await next();
  const seen = next();
  const sent = await sendChanges({ host, port: Number(port), path, token, changes: CHANGES });
  const all = await seen;
  if (all.type !== 'seen') throw new Error(`the watchers said ${all.type}`);
  watchers.send({ type: 'finish', sent } satisfies Finish);
  const latencies = await next();
  if (latencies.type !== 'latencies') throw new Error(`the watchers said ${latencies.type}`);
  return { seconds: (all.at - (sent[0] ?? 0)) / 1000, p50: latencies.p50, p99: latencies.p99 };
}
