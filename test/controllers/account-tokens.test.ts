import type { KubeObject } from '@sampan/api';
import { startControllers } from '@sampan/controllers';
import { REFS } from '@sampan/machinery';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPlane } from '../support/plane.ts';

interface Account extends KubeObject {
  secrets?: { name: string }[];
}

const TOKENS = { fieldSelector: 'type=kubernetes.io/service-account-token' };

let plane: Awaited<ReturnType<typeof startPlane>>;
let controllers: ReturnType<typeof startControllers>;

beforeAll(async () => {
  plane = await startPlane();
  controllers = startControllers({
    client: (name) => plane.control.client(name),
    rootCa: 'the authority',
    issueToken: (account) => `token-of-${account.metadata.name}`,
    accountTokens: true,
  });
  await controllers.synced;
});
afterAll(async () => {
  await controllers.stop();
  await plane.close();
});

const client = () => plane.control.client('test');
const account = (name: string) => client().get<Account>(REFS.serviceAccounts, 'default', name);
const make = (name: string) =>
  client().create<KubeObject>(REFS.serviceAccounts, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace: 'default' },
  });

it('gives each ServiceAccount one token, once', async () => {
  const names = Array.from({ length: 20 }, (_, i) => `account-${i}`);
  await Promise.all(names.map(make));
  for (const name of [...names, 'default'])
    await expect.poll(async () => (await account(name)).secrets?.length).toBe(1);
  const { items } = await client().list(REFS.secrets, { namespace: 'default', ...TOKENS });
  expect(items).toHaveLength(names.length + 1);
  const [first] = (await account('account-0')).secrets ?? [];
  await expect
    .poll(async () => {
      const secret = await client().get(REFS.secrets, 'default', first?.name ?? '');
      return Buffer.from(secret.data?.token ?? '', 'base64').toString();
    })
    .toBe('token-of-account-0');
});

it('replaces a token that somebody deletes, and leaves other references be', async () => {
  await make('renewed');
  await expect.poll(async () => (await account('renewed')).secrets?.length).toBe(1);
  const before = await account('renewed');
  const old = before.secrets?.[0]?.name ?? '';
  await client().update(REFS.serviceAccounts, { ...before, secrets: [{ name: old }, { name: 'mine' }] });
  await client().delete(REFS.secrets, 'default', old);
  await expect
    .poll(async () => (await account('renewed')).secrets?.map(({ name }) => name))
    .toEqual(['mine', expect.stringMatching(/^renewed-token-/)]);
  expect((await account('renewed')).secrets?.[1]?.name).not.toBe(old);
});
