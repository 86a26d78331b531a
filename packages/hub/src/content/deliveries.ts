import type { KubeObject } from '@sampan/api';
import type { Reader } from '../metadata/repositories.ts';
import type { Delivery } from '../webhooks/delivery-records.ts';
import type { DeliveryState } from '../webhooks/schema.ts';
import type { Equal } from './answer.ts';
import { contentObject, timeField } from './objects.ts';

/** On deliveries: the name of the Webhook. */
const WEBHOOK_LABEL = 'hub.sampan.dev/webhook';
/** Longer is no value of a label. */
const LONGEST_LABEL = 63;

/** All that is remembered, the newest first. */
export async function deliveryObjects(from: Reader, equal: Equal): Promise<KubeObject[]> {
  const { 'spec.project': project, 'spec.webhook': webhook, 'metadata.name': name } = equal;
  let query = select(from);
  if (name !== undefined) query = query.where('id', '=', name);
  if (project !== undefined) query = query.where('project', '=', project);
  if (webhook !== undefined) query = query.where('webhook', '=', webhook);
  if (equal['status.state'] !== undefined)
    query = query.where('state', '=', equal['status.state'] as DeliveryState);
  return (await query.execute()).map(objectOf);
}

export async function deliveryByName(from: Reader, name: string): Promise<KubeObject | undefined> {
  const row = await select(from).where('id', '=', name).executeTakeFirst();
  return row && objectOf(row);
}

const select = (from: Reader) =>
  from.selectFrom('webhook_deliveries').selectAll().orderBy('created', 'desc').orderBy('id');

function objectOf(delivery: Delivery): KubeObject {
  const { id, project, webhook, type, body, created, state, attempts, next, last } = delivery;
  const { code, error, duration } = delivery;
  const labels: Record<string, string> = webhook.length > LONGEST_LABEL ? {} : { [WEBHOOK_LABEL]: webhook };
  return contentObject(
    { kind: 'Delivery', name: id, project, created, labels },
    {
      spec: { project, webhook, type, event: JSON.parse(body) as unknown },
      status: {
        state,
        attempts,
        ok: state === 'delivered',
        ...timeField('nextTry', state === 'pending' ? next : null),
        ...timeField('lastTry', last),
        ...(code === null ? {} : { code }),
        ...(error === null ? {} : { error }),
        ...(duration === null ? {} : { milliseconds: duration }),
      },
    },
  );
}
