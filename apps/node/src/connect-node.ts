import {
  ensureNodeCertificate,
  keepNodeCertificate,
  type NodeIdentity,
  readNodeCertificate,
} from '@sampan/kubelet';
import { HttpClient } from '@sampan/machinery';
import type { ClusterPlace } from './cluster-place.ts';
import type { MachinePart } from './machine-part.ts';
import type { Releases } from './releases.ts';

/**
 * A client that is the node. Its certificate is the one that it was given, or else asked for with the bootstrap one and
 * renewed in time.
 */
export async function connectNode(
  { node, clock, log }: MachinePart,
  place: ClusterPlace,
  releases: Releases,
): Promise<HttpClient> {
  if (place.identity) {
    const client = new HttpClient(place.nodeConnection(place.identity), { name: 'kubelet' });
    releases.add(() => client.close());
    return client;
  }
  const options = { folder: place.folders.pki, node, clock, log };
  const identity = (await readNodeCertificate(options)) ?? (await askFor());
  const client = new HttpClient(place.nodeConnection(identity), { name: 'kubelet' });
  releases.add(() => client.close());
  const renew = (next: NodeIdentity) => client.renew({ cert: next.certificate, key: next.key });
  releases.add(keepNodeCertificate(client, identity, options, renew));
  return client;

  async function askFor(): Promise<NodeIdentity> {
    const bootstrap = new HttpClient(place.connection('node-bootstrap'), { name: 'kubelet' });
    try {
      return await ensureNodeCertificate(bootstrap, options);
    } finally {
      bootstrap.close();
    }
  }
}
