import { type KubeObject, StatusError } from '@sampan/api';
import { type Client, REFS } from '@sampan/machinery';
import { HUB_DEFINITIONS } from '../kinds/definitions.ts';

/** The Hub's kinds as this release has them, on the cluster that it lives on. */
export async function installHubKinds(client: Client): Promise<void> {
  for (const definition of HUB_DEFINITIONS) await install(client, definition);
}

async function install(client: Client, definition: KubeObject): Promise<void> {
  const ref = REFS.customResourceDefinitions;
  const { name = '' } = definition.metadata;
  const present = await client.get<KubeObject>(ref, undefined, name).catch((error: unknown) => {
    if (error instanceof StatusError && error.code === 404) return undefined;
    throw error;
  });
  if (!present) await client.create(ref, definition);
  else await client.update(ref, { ...definition, metadata: present.metadata });
}
