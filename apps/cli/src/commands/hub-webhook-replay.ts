import { SampanError } from '@sampan/base';
import type { WebhookObject } from '@sampan/hub/kinds';
import type { Client } from '@sampan/machinery';
import { printObjects } from '../apps/make.ts';
import { now, waitMsOf, withHost } from '../clusters/change-cluster.ts';
import type { Invocation } from '../command.ts';
import { getHubObject, hubSlow, shown } from '../hub/hub-objects.ts';
import { WEBHOOK } from '../hub/webhook-kind.ts';
import { watchObject } from '../watch-object.ts';

/** Sends a delivery again. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, options } = invocation;
  const [text = '', delivery = ''] = args;
  return await withHost(invocation, async (client) => {
    const { metadata } = await getHubObject(client, WEBHOOK, text);
    const { name = '' } = metadata;
    const requestedAt = now();
    const patch = { spec: { replay: { delivery, requestedAt } } };
    const changed = await client.patch<WebhookObject>(WEBHOOK.ref, undefined, name, 'merge', patch);
    const timeoutMs = waitMsOf(invocation);
    const seen = timeoutMs === 0 ? changed : await untilReplayed(client, { name, requestedAt, timeoutMs });
    await printObjects([shown(seen)], options.output, () => `sends ${delivery} again`);
    return 0;
  });
}

interface Asked {
  readonly name: string;
  readonly requestedAt: string;
  readonly timeoutMs: number;
}

/** Throws `hub-slow`, `hub-delivery-unknown`. */
async function untilReplayed(
  client: Client,
  { name, requestedAt, timeoutMs }: Asked,
): Promise<WebhookObject> {
  const watched = { ref: WEBHOOK.ref, name, timeoutMs };
  const found = await watchObject<WebhookObject, WebhookObject>(client, watched, (webhook) =>
    webhook?.status?.replayed === requestedAt ? webhook : undefined,
  );
  if (!found) throw hubSlow(WEBHOOK.word, timeoutMs);
  const said = found.status?.conditions?.find(({ type }) => type === 'Replayed');
  if (said?.status !== 'False') return found;
  throw new SampanError('hub-delivery-unknown', `It cannot be sent again: ${said.message}.`, {
    hint: `See those that there are: sampan hub webhook deliveries ${WEBHOOK.shownName(found)}`,
  });
}
