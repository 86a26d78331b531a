import { type KubeObject, StatusError } from '@sampan/api';
import { SampanError } from '@sampan/base';
import { type Client, REFS, type ResourceRef } from '@sampan/machinery';
import { type ClusterNetwork, chooseIndex, clusterNetwork, dnsService, networkName } from '@sampan/network';

/** What resolv.conf of pods names, as in every kubeadm cluster. */
export const DNS_SERVICE_IP = '10.96.0.10';

/**
 * The network that the host cluster's pods live in: of the number that the home remembers, unless another
 * network of the machine has it by now, else of a free one.
 * undefined without root: nobody makes it then.
 */
export async function chooseNetwork(
  homePath: string,
  remembered: number | undefined,
): Promise<ClusterNetwork | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const name = networkName(homePath, 'host');
  const index = await chooseIndex(name, remembered);
  if (index === undefined) {
    throw new SampanError('network-ranges', 'All of 100.64.0.0/10 is in use on this machine.', {
      hint: 'See: ip route. Sampan needs a free /24 of it for the addresses of pods.',
    });
  }
  return clusterNetwork({ name, index });
}

/** Makes the Service of cluster DNS, or mends it. The node process answers behind it. */
export async function publishDns(client: Client, network: ClusterNetwork): Promise<void> {
  const { service, slice } = dnsService(network, DNS_SERVICE_IP);
  await Promise.all([
    put(client, REFS.services, service as KubeObject),
    put(client, REFS.endpointSlices, slice as unknown as KubeObject),
  ]);
}

async function put(client: Client, ref: ResourceRef, object: KubeObject): Promise<void> {
  const { namespace, name = '' } = object.metadata;
  const present = await client.get<KubeObject>(ref, namespace, name).catch((error: unknown) => {
    if (!(error instanceof StatusError) || error.code !== 404) throw error;
    return undefined;
  });
  if (!present) await client.create(ref, object);
  else if (ref === REFS.endpointSlices)
    await client.update(ref, { ...present, ...object, metadata: present.metadata });
}
