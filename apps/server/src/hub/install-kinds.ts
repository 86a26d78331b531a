import { HUB_DEFINITIONS } from '@sampan/hub/kinds';
import { type Client, installDefinition } from '@sampan/machinery';

/** The registry's kinds, before it asks for their objects. */
export async function installHubKinds(client: Client): Promise<void> {
  for (const definition of HUB_DEFINITIONS) await installDefinition(client, definition);
}
