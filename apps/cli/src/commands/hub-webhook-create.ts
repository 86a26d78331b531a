import { HUB_GROUP, HUB_VERSION, type WebhookObject, type WebhookSpec } from '@sampan/hub/kinds';
import { printedOnly, printObjects } from '../apps/make.ts';
import { waitMsOf, withHost } from '../clusters/change-cluster.ts';
import type { Invocation } from '../command.ts';
import { createHubObject, shown, untilSeen } from '../hub/hub-objects.ts';
import { fromNothing } from '../hub/spec-patch.ts';
import { WEBHOOK } from '../hub/webhook-kind.ts';
import { urlFrom, webhookPatch } from '../hub/webhook-spec.ts';

const USUAL_EVENTS = ['push', 'delete'] as const;

export async function run(invocation: Invocation): Promise<number> {
  const { args, options } = invocation;
  const [text = '', url = ''] = args;
  const object: WebhookObject = {
    apiVersion: `${HUB_GROUP}/${HUB_VERSION}`,
    kind: 'Webhook',
    metadata: { name: WEBHOOK.objectName(text) },
    spec: {
      project: text.slice(0, text.indexOf('/')),
      url: urlFrom(url),
      events: USUAL_EVENTS,
      ...fromNothing<WebhookSpec>(webhookPatch(options)),
    },
  };
  if (await printedOnly(invocation, [object])) return 0;
  return await withHost(invocation, async (client) => {
    const created = await createHubObject(client, WEBHOOK, object);
    const seen = waitMsOf(invocation) === 0 ? created : await untilSeen(invocation, client, WEBHOOK, created);
    await printObjects([shown(seen)], options.output, () => 'created');
    return 0;
  });
}
