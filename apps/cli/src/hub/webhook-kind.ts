import { WEBHOOKS, type WebhookObject } from '@sampan/hub/kinds';
import { age } from '../clusters/print-clusters.ts';
import { usage } from '../parse.ts';
import { dotted, type HubKind, slashed } from './hub-kind.ts';

export const WEBHOOK: HubKind<WebhookObject> = {
  ref: WEBHOOKS,
  word: 'webhook',
  objectName: (text) => {
    if (/^[a-z0-9][-a-z0-9]*\/[a-z0-9][-a-z0-9]*$/.test(text)) return dotted(text);
    throw usage(
      `${JSON.stringify(text)} cannot name a webhook.`,
      'Webhooks are named PROJECT/NAME: lower case letters, digits and -.',
    );
  },
  shownName: slashed,
  within: { fits: ({ spec }, project) => spec?.project === project },
  columns: [
    ['NAME', slashed],
    ['URL', ({ spec }) => spec?.url ?? '-'],
    ['EVENTS', ({ spec }) => spec?.events.join(',') ?? '-'],
    ['LAST', lastOf],
    ['PENDING', ({ status }) => String(status?.pending ?? '-')],
    ['FAILED', ({ status }) => String(status?.failed ?? '-')],
    ['AGE', ({ metadata }) => age(metadata.creationTimestamp)],
  ],
  wide: [
    ['REPOSITORIES', ({ spec }) => spec?.filter?.repositories ?? 'all'],
    ['TAGS', ({ spec }) => spec?.filter?.tags ?? 'all'],
    ['SIGNED', ({ spec }) => (spec?.secretRef ? 'yes' : 'no')],
  ],
  rows: [
    ['Name', slashed],
    ['Description', ({ spec }) => spec?.description],
    ['URL', ({ spec }) => spec?.url],
    ['Events', ({ spec }) => spec?.events.join(', ')],
    ['Repositories', ({ spec }) => spec?.filter?.repositories ?? 'all'],
    ['Tags', ({ spec }) => spec?.filter?.tags ?? 'all'],
    [
      'Signed',
      ({ spec }) =>
        spec?.secretRef
          ? `by ${spec.secretRef.key} of the Secret ${spec.secretRef.name} of ${spec.secretRef.namespace}`
          : 'no',
    ],
    ['Authority', ({ spec }) => (spec?.caBundle ? 'its own' : undefined)],
    ['Disabled', ({ spec }) => (spec?.disabled ? 'yes' : undefined)],
    ['Last delivery', lastOf],
    ['Pending', ({ status }) => status?.pending?.toString()],
    ['Failed', ({ status }) => status?.failed?.toString()],
  ],
  expected: ['Disabled', 'DeliveryFailed'],
  none: 'There are no webhooks. Make one: sampan hub webhook create PROJECT/NAME URL',
};

function lastOf({ status }: WebhookObject): string {
  if (!status?.lastDelivery) return '-';
  const { time, code, ok } = status.lastDelivery;
  return `${ok ? 'ok' : 'failed'}${code === undefined ? '' : ` ${code}`} ${age(time)} ago`;
}
