import type { KubeObject, k8s } from '@sampan/api';
import type { GuestRanges } from '@sampan/clusters';
import { CLAIMS, type Claim, type Client, PROVISIONED_BY, REFS, VOLUMES } from '@sampan/machinery';
import { forget, fresh } from './remake.ts';
import { renewAddresses } from './renew-addresses.ts';

/** What makes local volumes on a machine (packages/kubelet/src/provisioner). */
const LOCAL_PROVISIONER = 'sampan.io/local';
const MIRROR = 'kubernetes.io/config.mirror';
const TOKEN_TYPE = 'kubernetes.io/service-account-token';

type Pod = KubeObject & k8s.Pod;
type Secret = KubeObject & k8s.Secret;

/**
 * Makes another cluster of the objects of one: what stood for things of this machine (containers, folders of local
 * volumes) is theirs no more and begins anew, under other uids. Before its controllers run.
 */
export async function beginNewLife(client: Client, ranges: GuestRanges): Promise<void> {
  await renewVolumes(client);
  await renewPods(client);
  await renewAddresses(client, ranges);
}

/** Has tokens of Secrets made anew, by keys that are other ones. */
export async function renewTokens(client: Client): Promise<void> {
  const { items } = await client.list<Secret>(REFS.secrets, { fieldSelector: `type=${TOKEN_TYPE}` });
  for (const { metadata } of items)
    await client.patch(REFS.secrets, metadata.namespace, metadata.name ?? '', 'merge', {
      data: { token: null, 'ca.crt': null },
    });
}

async function renewPods(client: Client): Promise<void> {
  const { items } = await client.list<Pod>(REFS.pods);
  for (const pod of items) {
    const { metadata, spec, status } = pod;
    const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed';
    if (!spec?.nodeName || isOver) continue;
    await forget(client, REFS.pods, pod);
    const isOwned = metadata.ownerReferences?.some(({ controller }) => controller);
    const isAnothers = isOwned || metadata.deletionTimestamp || metadata.annotations?.[MIRROR];
    // who owns it makes another one
    if (isAnothers) continue;
    const { nodeName: _node, ...wanted } = spec;
    await client.create(REFS.pods, { ...fresh(pod), spec: wanted });
  }
}

async function renewVolumes(client: Client): Promise<void> {
  const { items: volumes } = await client.list(VOLUMES);
  const local = volumes.filter(
    ({ metadata }) => metadata.annotations?.[PROVISIONED_BY] === LOCAL_PROVISIONER,
  );
  const names = new Set(local.map(({ metadata }) => metadata.name));
  const { items: claims } = await client.list<Claim>(CLAIMS);
  for (const claim of claims) {
    if (!claim.spec.volumeName || !names.has(claim.spec.volumeName)) continue;
    await forget(client, CLAIMS, claim);
    const { volumeName: _volume, ...wanted } = claim.spec;
    if (!claim.metadata.deletionTimestamp) await client.create(CLAIMS, { ...fresh(claim), spec: wanted });
  }
  for (const volume of local) await forget(client, VOLUMES, volume);
}
