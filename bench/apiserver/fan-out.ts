/** Watch fan-out: how long until every watcher has seen every change, and how late single ones are. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheFolder } from '../../tools/upstream/cache.ts';
import type { Contestant } from './contestant.ts';
import { type Access, must } from './http.ts';

export const WATCHERS = 100;
export const CHANGES = 1000;
const CONNECTIONS = 32;

export interface FanOut {
  /** From sending the first change until all watchers have seen all. */
  readonly seconds: number;
  /** Of delivery, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

let program: string | undefined;

/** The compiled load; needs the Go that upstream is built with. */
function build(): string {
  const folder = join(cacheFolder(), 'bench');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'fan-out');
  const source = fileURLToPath(new URL('fan-out.go', import.meta.url));
  execFileSync('go', ['build', '-o', file, source], {
    env: { ...process.env, GO111MODULE: 'off', CGO_ENABLED: '0' },
    stdio: 'inherit',
  });
  return file;
}

/** One round in `namespace`, which it makes: changes are creations of ConfigMaps by 32 connections. */
export async function fanOut(contestant: Contestant, token: string, namespace: string): Promise<FanOut> {
  program ??= build();
  const { url, ca } = contestant.admin;
  const load: Access = { url, ca, token };
  await must(load, 'POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const listed = (await must(load, 'GET', path)) as { metadata: { resourceVersion: string } };
  const counts = [WATCHERS, CHANGES, CONNECTIONS].map(String);
  const args = [new URL(url).host, path, listed.metadata.resourceVersion, ...counts];
  const { stdout } = await promisify(execFile)(program, args, { env: { ...process.env, TOKEN: token } });
  return JSON.parse(stdout) as FanOut;
}
