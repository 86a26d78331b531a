import type { KubeObject } from '@sampan/api';
import {
  HUB_GROUP,
  HUB_VERSION,
  WEBHOOK_EVENTS,
  type WebhookEvent,
  type WebhookObject,
} from '@sampan/hub/kinds';
import { printedOnly, printObjects } from '../apps/make.ts';
import { waitMsOf, withHost } from '../clusters/change-cluster.ts';
import type { Invocation, OptionValues } from '../command.ts';
import { createHubObject, shown, untilSeen } from '../hub/hub-objects.ts';
import { selectorFrom } from '../hub/project-spec.ts';
import { WEBHOOK } from '../hub/webhook-kind.ts';
import { usage } from '../parse.ts';
import { listOf } from '../values.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { args, options } = invocation;
  const [text = '', url = ''] = args;
  const name = WEBHOOK.objectName(text);
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
    throw usage(`${JSON.stringify(url)} is no URL.`, 'For example: https://ci.example.com/hooks/registry');
  const object: WebhookObject = {
    apiVersion: `${HUB_GROUP}/${HUB_VERSION}`,
    kind: 'Webhook',
    metadata: { name },
    spec: {
      project: text.slice(0, text.indexOf('/')),
      url,
      events: eventsFrom(options),
      ...(typeof options.description === 'string' ? { description: options.description } : {}),
      ...(typeof options.filter === 'string' ? { filter: selectorFrom('filter', options.filter) } : {}),
      ...(typeof options.secret === 'string' ? { secretRef: secretFrom(options.secret) } : {}),
    },
  };
  if (await printedOnly(invocation, [object])) return 0;
  return await withHost(invocation, async (client) => {
    const created = await createHubObject(client, WEBHOOK, object);
    const seen = waitMsOf(invocation) === 0 ? created : await untilSeen(invocation, client, WEBHOOK, created);
    await printObjects([shown(seen as KubeObject)], options.output, () => 'created');
    return 0;
  });
}

/** Throws `usage`. */
function eventsFrom(options: OptionValues): readonly WebhookEvent[] {
  const words = listOf(options.event).flatMap((word) => word.split(','));
  const events = words.map((word) => {
    const found = WEBHOOK_EVENTS.find((event) => event === word);
    if (found) return found;
    throw usage(`--event cannot be ${JSON.stringify(word)}.`, `Known: ${WEBHOOK_EVENTS.join(', ')}`);
  });
  return events.length > 0 ? [...new Set(events)] : ['push', 'delete'];
}

function secretFrom(text: string): { namespace: string; name: string; key: string } {
  const [namespace = '', name = '', key = 'key', ...more] = text.split('/');
  if (namespace !== '' && name !== '' && more.length === 0) return { namespace, name, key };
  throw usage(`--secret cannot be ${JSON.stringify(text)}.`, 'For example: --secret default/hook-key/key');
}
