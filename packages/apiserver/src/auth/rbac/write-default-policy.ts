import { type KubeObject, StatusError } from '@sampan/api';
import { type Logger, messageOf } from '@sampan/base';
import type { Client, ObjectReader } from '@sampan/machinery';
import type { ResourceTable } from '../../registry/resource-table.ts';
import { type DefaultPolicy, type PolicyChange, planDefaultPolicy } from './reconcile.ts';

export interface DefaultPolicyOptions {
  readonly client: Client;
  readonly reader: ObjectReader;
  readonly resources: ResourceTable;
  readonly log: Logger;
  /** What this cluster has besides. */
  readonly more: Partial<DefaultPolicy>;
}

/** Default roles and bindings are made or completed at each start (Kubernetes docs "Auto-reconciliation"). */
export async function writeDefaultPolicy(options: DefaultPolicyOptions): Promise<void> {
  const { reader, more, log } = options;
  const outcomes = await Promise.allSettled(
    planDefaultPolicy(reader, more).map((change) => applyChange(options, change)),
  );
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') {
      log.error('a default role could not be written', { error: messageOf(outcome.reason) });
    }
  }
}

async function applyChange(
  { client, resources }: DefaultPolicyOptions,
  { action, collection, object }: PolicyChange,
): Promise<void> {
  const served = resources.storageOf(collection);
  if (!served) throw new Error(`${collection} is not served`);
  const { group, version, resource, kind, namespaced } = served.definition;
  const ref = { group, version, resource, kind, namespaced };
  if (action === 'update') {
    await client.update(ref, object);
    return;
  }
  if (action === 'recreate') await client.delete(ref, object.metadata.namespace, object.metadata.name ?? '');
  await create(client, ref, object);
}

async function create(
  client: Client,
  ref: Parameters<Client['create']>[0],
  object: KubeObject,
): Promise<void> {
  try {
    await client.create(ref, object);
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
  }
}
