/** A whole Sampan with its registry, and somebody who may push to it. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createUser, homeLayout } from '@sampan/home';
import { PROJECTS } from '@sampan/hub';
import { HttpClient, REFS } from '@sampan/machinery';
import { hubPortOf } from '../../test/support/push-image.ts';
import { startSampan } from '../../test/support/sampan.ts';
import { type BenchedRegistry, REPOSITORY } from './registries.ts';

export interface WholeSampan {
  /** In plain HTTP, on loopback. */
  readonly plain: BenchedRegistry;
  /** Behind the one TLS port. */
  readonly secure: BenchedRegistry;
  /** Reads the Kubernetes API until `loading` is over; milliseconds of each read. */
  readTimes(loading: Promise<unknown>): Promise<number[]>;
  stop(): Promise<void>;
}

/** Between two reads. */
const PAUSE_MS = 5;

export async function startWholeSampan(): Promise<WholeSampan> {
  const sampan = await startSampan({ hub: 0 });
  const client = new HttpClient(sampan, { name: 'bench' });
  const stop = async () => {
    client.close();
    await sampan.stop();
  };
  try {
    const project = {
      apiVersion: 'hub.sampan.dev/v1',
      kind: 'Project',
      metadata: { name: 'bench' },
      spec: {},
    };
    await client.create(PROJECTS, project);
    const { password } = createUser(homeLayout(sampan.home), 'bench', ['system:masters']);
    const port = hubPortOf(sampan);
    const pids = [sampan.pid, ...childrenOf(sampan.pid)];
    const headers = await logIn(port, `bench:${password}`);
    const common = { name: 'Sampan', pid: sampan.pid, pids, headers, stop } as const;
    return {
      plain: { ...common, port },
      secure: { ...common, port: Number(new URL(sampan.url).port), ca: sampan.ca },
      async readTimes(loading) {
        const times: number[] = [];
        let isLoading = true;
        const over = loading.finally(() => {
          isLoading = false;
        });
        over.catch(() => {});
        while (isLoading) {
          const began = performance.now();
          await client.get(REFS.namespaces, undefined, 'default');
          times.push(performance.now() - began);
          await sleep(PAUSE_MS);
        }
        await over;
        return times;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Its processes, by proc(5). */
function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}

/** Projects and users are known a moment after they are made. */
async function logIn(port: number, login: string): Promise<Record<string, string>> {
  const scope = new URLSearchParams({ scope: `repository:${REPOSITORY}:pull,push` });
  const authorization = `Basic ${Buffer.from(login).toString('base64')}`;
  for (let tries = 0; tries < 200; tries++) {
    const answer = await fetch(`http://127.0.0.1:${port}/hub/token?${scope}`, { headers: { authorization } });
    const { token = '' } = (await answer.json()) as { token?: string };
    if (Buffer.from(token.split('.')[1] ?? '', 'base64url').includes('push')) {
      return { authorization: `Bearer ${token}` };
    }
    await sleep(100);
  }
  throw new Error('the registry gives no rights');
}
