import { WEBHOOK_EVENTS, type WebhookEvent, type WebhookSpec } from '@sampan/hub/kinds';
import type { OptionValues } from '../command.ts';
import { usage } from '../parse.ts';
import { readAuthority } from '../read-authority.ts';
import { listOf } from '../values.ts';
import { selectorFrom } from './project-spec.ts';
import { onOff } from './robot-spec.ts';
import type { SpecPatch } from './spec-patch.ts';

/** What options of `hub webhook create` and `update` ask for; "none" takes away. Throws `usage`. */
export function webhookPatch(options: OptionValues): SpecPatch<WebhookSpec> {
  const { url, filter, secret, ca, description } = options;
  const events = eventsFrom(options);
  return {
    ...(typeof description === 'string' ? { description } : {}),
    ...(typeof url === 'string' ? { url: urlFrom(url) } : {}),
    ...(events.length > 0 ? { events } : {}),
    ...orNone('filter', filter, (text) => ({
      // what the filter before had beyond it goes
      repositories: null,
      tags: null,
      ...selectorFrom('filter', text),
    })),
    ...orNone('secretRef', secret, secretFrom),
    ...orNone('caBundle', ca, readAuthority),
    ...onOff(options),
  };
}

function orNone<K extends string, T>(
  field: K,
  value: unknown,
  read: (text: string) => T,
): { [P in K]?: T | null } {
  if (typeof value !== 'string') return {};
  return { [field]: value === 'none' ? null : read(value) } as { [P in K]?: T | null };
}

/** Throws `usage`. */
export function urlFrom(text: string): string {
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? '')) return text;
  throw usage(`${JSON.stringify(text)} is no URL.`, 'For example: https://ci.example.com/hooks/registry');
}

function eventsFrom(options: OptionValues): readonly WebhookEvent[] {
  const words = listOf(options.event).flatMap((word) => word.split(','));
  const events = words.map((word) => {
    const found = WEBHOOK_EVENTS.find((event) => event === word);
    if (found) return found;
    throw usage(`--event cannot be ${JSON.stringify(word)}.`, `Known: ${WEBHOOK_EVENTS.join(', ')}`);
  });
  return [...new Set(events)];
}

function secretFrom(text: string): { namespace: string; name: string; key: string } {
  const [namespace = '', name = '', key = 'key', ...more] = text.split('/');
  if (namespace !== '' && name !== '' && more.length === 0) return { namespace, name, key };
  throw usage(`--secret cannot be ${JSON.stringify(text)}.`, 'For example: --secret default/hook-key/key');
}
