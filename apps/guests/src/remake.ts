import { type KubeObject, StatusError } from '@sampan/api';
import { BIND_COMPLETED, type Client, type ResourceRef, SELECTED_NODE } from '@sampan/machinery';

/** By which claims remember what they are bound to (Kubernetes docs, "Well-Known Labels, Annotations and Taints"). */
const BINDING = [BIND_COMPLETED, 'pv.kubernetes.io/bound-by-controller', SELECTED_NODE];

/** At once, whoever wants to be asked first. */
export async function forget(client: Client, ref: ResourceRef, { metadata }: KubeObject): Promise<void> {
  const { namespace, name = '' } = metadata;
  if (metadata.finalizers?.length)
    await client.patch(ref, namespace, name, 'merge', { metadata: { finalizers: null } });
  await client.delete(ref, namespace, name, { gracePeriodSeconds: 0 }).catch((error: unknown) => {
    // one that was being deleted went with its finalizers
    if (!(error instanceof StatusError) || error.code !== 404) throw error;
  });
}

/** As somebody would make it who knows what it was. */
export function fresh({ apiVersion, kind, metadata }: KubeObject): KubeObject {
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
