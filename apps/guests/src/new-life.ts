import { type KubeObject, type k8s, StatusError } from '@sampan/api';
import {
  BIND_COMPLETED,
  CLAIMS,
  type Claim,
  type Client,
  PROVISIONED_BY,
  REFS,
  type ResourceRef,
  SELECTED_NODE,
  VOLUMES,
} from '@sampan/machinery';

/** What makes local volumes on a machine (packages/kubelet/src/provisioner). */
const LOCAL_PROVISIONER = 'sampan.io/local';
/** By which claims remember what they are bound to (Kubernetes docs, "Well-Known Labels, Annotations and Taints"). */
const BINDING = [BIND_COMPLETED, 'pv.kubernetes.io/bound-by-controller', SELECTED_NODE];
const MIRROR = 'kubernetes.io/config.mirror';
const TOKEN_TYPE = 'kubernetes.io/service-account-token';

type Pod = KubeObject & k8s.Pod;
type Secret = KubeObject & k8s.Secret;

/**
 * Makes another cluster of the objects of one: what stood for things of this machine (containers, folders of local
 * volumes) is theirs no more and begins anew, under other uids. Before its controllers run.
 */
export async function beginNewLife(client: Client): Promise<void> {
  await renewVolumes(client);
  await renewPods(client);
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

/** At once, whoever wants to be asked first. */
async function forget(client: Client, ref: ResourceRef, { metadata }: KubeObject): Promise<void> {
  const { namespace, name = '' } = metadata;
  if (metadata.finalizers?.length)
    await client.patch(ref, namespace, name, 'merge', { metadata: { finalizers: null } });
  await client.delete(ref, namespace, name, { gracePeriodSeconds: 0 }).catch((error: unknown) => {
    // one that was being deleted went with its finalizers
    if (!(error instanceof StatusError) || error.code !== 404) throw error;
  });
}

/** As somebody would make it who knows what it was. */
function fresh({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { name, namespace, labels, ownerReferences } = metadata;
  const annotations = Object.fromEntries(
    Object.entries(metadata.annotations ?? {}).filter(([key]) => !BINDING.includes(key)),
  );
  return {
    apiVersion,
    kind,
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels ? { labels } : {}),
      ...(ownerReferences ? { ownerReferences } : {}),
      annotations,
    },
  };
}
