import { type KubeObject, StatusError } from '@sampan/api';
import type { Client } from './client.ts';
import { REFS } from './refs.ts';

/** Makes a CustomResourceDefinition on a cluster, or what is there as this release has it. May be called again. */
export async function installDefinition(client: Client, definition: KubeObject): Promise<void> {
  const ref = REFS.customResourceDefinitions;
  const { name = '' } = definition.metadata;
  const present = await client.get<KubeObject>(ref, undefined, name).catch((error: unknown) => {
    if (!(error instanceof StatusError) || error.code !== 404) throw error;
    return undefined;
  });
  if (!present) await client.create(ref, definition);
  else await client.update(ref, { ...definition, metadata: present.metadata });
}
