import type { WebhookObject } from '@sampan/hub/kinds';
import { printObjects } from '../apps/make.ts';
import { now, waitMsOf, withHost } from '../clusters/change-cluster.ts';
import type { Invocation } from '../command.ts';
import { getHubObject, shown, untilSeen } from '../hub/hub-objects.ts';
import { WEBHOOK } from '../hub/webhook-kind.ts';

/** Sends a delivery again. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, options } = invocation;
  const [text = '', delivery = ''] = args;
  return await withHost(invocation, async (client) => {
    const { metadata } = await getHubObject(client, WEBHOOK, text);
    const patch = { spec: { replay: { delivery, requestedAt: now() } } };
    const changed = await client.patch<WebhookObject>(
      WEBHOOK.ref,
      undefined,
      metadata.name ?? '',
      'merge',
      patch,
    );
    const seen = waitMsOf(invocation) === 0 ? changed : await untilSeen(invocation, client, WEBHOOK, changed);
    await printObjects([shown(seen)], options.output, () => 'asked to send it again');
    return 0;
  });
}
