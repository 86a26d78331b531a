/** How fast the Kubernetes API answers while its registry is pushed to and pulled from at full speed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createUser, homeLayout } from '@sampan/home';
import { PROJECTS } from '@sampan/hub';
import { HttpClient, REFS } from '@sampan/machinery';
import { hubPortOf } from '../../test/support/push-image.ts';
import { startSampan } from '../../test/support/sampan.ts';
import { makeBlob, transfer } from './blobs.ts';
import { type BenchedRegistry, REPOSITORY } from './registries.ts';

/** Between two reads. */
const PAUSE_MS = 5;

/** Milliseconds of each read of a namespace meanwhile; `bytes`: of each of the 16 blobs of a round. */
export async function apiTimesBeside(bytes: number, rounds: number): Promise<number[]> {
  const sampan = await startSampan({ hub: 0 });
  const client = new HttpClient(sampan, { name: 'bench' });
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
    const registry = { ...NOT_OWN, port, headers: await logIn(port, `bench:${password}`) };
    let loading = true;
    const times: number[] = [];
    const reading = (async () => {
      while (loading) {
        const began = performance.now();
        await client.get(REFS.namespaces, undefined, 'default');
        times.push(performance.now() - began);
        await sleep(PAUSE_MS);
      }
    })();
    for (let round = 0; round < rounds; round++) {
      await transfer(
        registry,
        Array.from({ length: 16 }, () => makeBlob(bytes)),
        16,
      );
    }
    loading = false;
    await reading;
    return times;
  } finally {
    client.close();
    await sampan.stop();
  }
}

/** The server's own registry: it ends with the server. */
const NOT_OWN = {
  name: 'Sampan',
  pid: 0,
  stop: async () => undefined,
} as const satisfies Partial<BenchedRegistry>;

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
