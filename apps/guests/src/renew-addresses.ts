import type { KubeObject, k8s } from '@sampan/api';
import type { GuestRanges } from '@sampan/clusters';
import { type Client, REFS } from '@sampan/machinery';
import { hasAddress } from '@sampan/network';
import { forget, fresh } from './remake.ts';

type Service = KubeObject & { spec: k8s.ServiceSpec };

/** Sampan itself makes them wherever they are missing. */
const OWN = ['default/kubernetes', 'kube-system/kube-dns'];

/**
 * Objects of a cluster of other ranges: Services get addresses of this one's, and nodes of other pods are no more. No
 * change when all is as it should be.
 */
export async function renewAddresses(client: Client, { pods, services }: GuestRanges): Promise<void> {
  const { items } = await client.list<Service>(REFS.services);
  for (const service of items) {
    const { clusterIP = '' } = service.spec;
    if (clusterIP === '' || clusterIP === 'None' || hasAddress(services, clusterIP)) continue;
    await forget(client, REFS.services, service);
    const { namespace, name } = service.metadata;
    if (OWN.includes(`${namespace}/${name}`) || service.metadata.deletionTimestamp) continue;
    const { clusterIP: _ip, clusterIPs: _ips, healthCheckNodePort: _port, ...wanted } = service.spec;
    await client.create(REFS.services, { ...fresh(service), spec: wanted });
  }
  const { items: nodes } = await client.list<KubeObject>(REFS.nodes);
  for (const node of nodes)
    if (node.spec?.podCIDR !== undefined && node.spec.podCIDR !== pods)
      await forget(client, REFS.nodes, node);
}
