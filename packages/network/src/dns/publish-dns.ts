import { type KubeObject, StatusError } from '@sampan/api';
import { type Client, REFS, type ResourceRef } from '@sampan/machinery';
import { type ClusterNetwork, dnsAddressOf } from '../cluster/addresses.ts';
import { dnsService } from './dns-service.ts';

/** Makes the Service of cluster DNS, or mends it. The node process answers behind it. */
export async function publishDns(client: Client, network: ClusterNetwork): Promise<void> {
  const { service, slice } = dnsService(network, dnsAddressOf(network));
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
