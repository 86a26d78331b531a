import type { KubeObject } from '@sampan/api';
import { startControllers } from '@sampan/controllers';
import { REFS } from '@sampan/machinery';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPlane } from '../support/plane.ts';

interface Account extends KubeObject {
  imagePullSecrets?: { name: string }[];
}

const NAME = 'registry';

let plane: Awaited<ReturnType<typeof startPlane>>;
let controllers: ReturnType<typeof startControllers>;
let content = 'first';
let tell: () => void = () => {};

const client = () => plane.control.client('test');
const namesOf = async (namespace: string) =>
  ((await client().get<Account>(REFS.serviceAccounts, namespace, 'default')).imagePullSecrets ?? []).map(
    ({ name }) => name,
  );
const secret = (namespace: string) => client().get<KubeObject>(REFS.secrets, namespace, NAME);
const contentOf = async (namespace: string) => {
  const data = (await secret(namespace)).data as Record<string, string>;
  return Buffer.from(data['.dockerconfigjson'] ?? '', 'base64').toString();
};
const login = (text: string) => JSON.stringify({ auths: { [text]: {} } });

beforeAll(async () => {
  plane = await startPlane();
  // from before it had a registry
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', imagePullSecrets: [{ name: 'own' }] };
  await client().create(REFS.serviceAccounts, {
    ...account,
    metadata: { name: 'default', namespace: 'default' },
  });
  controllers = startControllers({
    client: (name) => plane.control.client(name),
    pullSecret: {
      name: NAME,
      content: () => login(content),
      follow: (listener) => {
        tell = listener;
        return () => {};
      },
    },
  });
  await controllers.ready;
});
afterAll(async () => {
  await controllers.stop();
  await plane.close();
});

it('gives every namespace a login of image pulls, which its ServiceAccount names beside those it has', async () => {
  expect(await namesOf('kube-system')).toEqual([NAME]);
  expect(await namesOf('default')).toEqual(['own', NAME]);
  expect(await contentOf('default')).toBe(login('first'));
  expect((await secret('default')).type).toBe('kubernetes.io/dockerconfigjson');
  await client().create(REFS.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'new' } });
  await expect.poll(() => namesOf('new').catch(() => [])).toEqual([NAME]);
  await expect.poll(() => contentOf('new').catch(() => '')).toBe(login('first'));
});

it('renews the login everywhere when it changes, and makes one that was deleted anew', async () => {
  content = 'second';
  tell();
  for (const namespace of ['default', 'kube-system'])
    await expect.poll(() => contentOf(namespace)).toBe(login('second'));
  await client().delete(REFS.secrets, 'default', NAME);
  await expect.poll(() => contentOf('default').catch(() => '')).toBe(login('second'));
});
