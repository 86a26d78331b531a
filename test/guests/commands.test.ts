import { CLUSTERS, type Cluster, type ClusterSpec, clusterDefinition } from '@sampan/clusters';
import { type Client, REFS } from '@sampan/machinery';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { applyChange } from '../../apps/cli/src/clusters/change-cluster.ts';
import { revokeBy } from '../../apps/cli/src/clusters/revoke-in-cluster.ts';
import { type Plane, startPlane } from '../support/plane.ts';

let plane: Plane;
let client: Client;

beforeAll(async () => {
  plane = await startPlane();
  client = plane.control.client('test');
  await client.create(REFS.customResourceDefinitions, clusterDefinition);
  await vi.waitFor(() => client.list(CLUSTERS), { timeout: 60_000 });
});
afterAll(() => plane?.close());

const create = (name: string) =>
  client.create<Cluster>(CLUSTERS, {
    apiVersion: 'clusters.sampan.dev/v1',
    kind: 'Cluster',
    metadata: { name },
    spec: {},
  });
const change = (name: string, spec: ClusterSpec) =>
  client.patch<Cluster>(CLUSTERS, undefined, name, 'merge', { spec });

/** A client that lets others do something once before or after its next change. */
function meeting(when: 'before' | 'after', meanwhile: () => Promise<unknown>): Client {
  let isDone = false;
  const others = async (now: typeof when) => {
    if (isDone || now !== when) return;
    isDone = true;
    await meanwhile();
  };
  return new Proxy(client, {
    get(target, key: keyof Client) {
      const value: unknown = target[key];
      if (key === 'patch')
        return async (...args: Parameters<Client['patch']>) => {
          await others('before');
          const changed = await target.patch(...args);
          await others('after');
          return changed;
        };
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

it('loses no revocation when several revoke at once', async () => {
  await create('shared');
  const revoked = [{ user: 'eve', until: '2026-01-01T00:00:00Z' }];
  const slow = meeting('before', () => change('shared', { revoked }));
  await revokeBy(slow, { options: { wait: '0' } }, 'shared', 'mallory');
  const { spec } = await client.get<Cluster>(CLUSTERS, undefined, 'shared');
  expect(spec?.revoked?.map(({ user }) => user)).toEqual(['eve', 'mallory']);
});

it('waits for no action of its own when somebody else asked for the same since', async () => {
  await create('busy');
  const later = '2026-01-01T00:00:02Z';
  const slow = meeting('after', async () => {
    await change('busy', { backup: { requestedAt: later } });
    const status = { phase: 'Running', handled: { backup: later } };
    await client.patch(CLUSTERS, undefined, 'busy', 'merge', { status }, { subresource: 'status' });
  });
  const patch = { backup: { requestedAt: '2026-01-01T00:00:01Z' } };
  const done = await applyChange({ options: { wait: '5' } }, slow, 'busy', {
    patch,
    done: 'backup',
    condition: 'BackedUp',
    word: '',
  });
  expect(done.status?.handled).toEqual({ backup: later });
});
