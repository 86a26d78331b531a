import type { KubeObject } from '@sampan/api';
import { silentLogger, systemClock } from '@sampan/base';
import { type Client, Informer, REFS, type ResourceRef } from '@sampan/machinery';
import { describe, expect, it } from 'vitest';
import { hasUpstream } from '../../tools/upstream/cache.ts';
import { SERVERS, startControlled } from '../controllers/server.ts';
import { playScenario, type World } from './scenario.ts';

const apps = (resource: string, kind: string): ResourceRef => ({
  ...REFS.pods,
  group: 'apps',
  resource,
  kind,
});
const FOLLOWED: readonly ResourceRef[] = [
  REFS.events,
  REFS.pods,
  { ...REFS.pods, resource: 'persistentvolumeclaims', kind: 'PersistentVolumeClaim' },
  { ...REFS.pods, resource: 'replicationcontrollers', kind: 'ReplicationController' },
  apps('controllerrevisions', 'ControllerRevision'),
  apps('daemonsets', 'DaemonSet'),
  apps('deployments', 'Deployment'),
  apps('replicasets', 'ReplicaSet'),
  apps('statefulsets', 'StatefulSet'),
];

/** What a client sees, kept up to date by watches. */
async function watchedWorld(client: Client): Promise<World & { stop(): void }> {
  const informers = new Map<string, Informer<KubeObject>>();
  for (const ref of FOLLOWED) {
    const name = ref.group === '' ? ref.resource : `${ref.resource}.${ref.group}`;
    const informer = new Informer<KubeObject>({ client, ref, clock: systemClock, log: silentLogger });
    informer.start();
    informers.set(name, informer);
  }
  await Promise.all([...informers.values()].map((informer) => informer.synced()));
  return {
    client,
    get: (collection, namespace, name) => informers.get(collection)?.get(namespace, name),
    list: (collection, namespace) =>
      [...(informers.get(collection)?.list() ?? [])].filter(
        ({ metadata }) => metadata.namespace === namespace,
      ),
    stop: () => {
      for (const informer of informers.values()) informer.stop();
    },
  };
}

describe.runIf(hasUpstream('kubernetes'))('workload controllers on kube-apiserver 1.20.2', () => {
  it('bring everything where it is to be', async () => {
    const server = await startControlled(SERVERS.upstream);
    const world = await watchedWorld(server.client);
    try {
      const { states, events } = await playScenario(world);
      expect(Object.keys(states)).toHaveLength(17);
      const told = (what: string) => events.some((event) => event.includes(what));
      expect(told('Deployment web Normal ScalingReplicaSet: Scaled up replica set web-hash to 3')).toBe(true);
      expect(told('StatefulSet set Normal SuccessfulCreate: create Pod set-0')).toBe(true);
      expect(server.warnings).toEqual([]);
    } finally {
      world.stop();
      await server.stop();
    }
  }, 120_000);
});
