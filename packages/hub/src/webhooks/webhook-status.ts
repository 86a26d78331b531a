import { conditionsOf, seconds, type Told } from '../kinds/conditions.ts';
import type { WebhookConditionType, WebhookObject, WebhookStatus } from '../kinds/webhook.ts';
import type { WebhookSummary } from './delivery-records.ts';
import type { WebhookTarget } from './target.ts';

interface WebhookFacts {
  readonly target: WebhookTarget;
  readonly summary: WebhookSummary;
  /** `spec.replay.requestedAt` that was dealt with. */
  readonly replayed: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The status of a webhook. Pure. */
export function webhookStatus(
  { metadata, status }: WebhookObject,
  { target, summary, replayed, now }: WebhookFacts,
): WebhookStatus {
  const { pending, failed, lastTry } = summary;
  const { generation } = metadata;
  const told = [{ type: 'Ready', ...readyOf(target, summary) } as const];
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    conditions: conditionsOf(told, status?.conditions, generation, now),
    ...(lastTry && {
      lastDelivery: {
        time: seconds(lastTry.time),
        ...(lastTry.code === null ? {} : { code: lastTry.code }),
        ok: lastTry.ok,
      },
    }),
    pending,
    failed,
    ...(replayed === undefined ? {} : { replayed }),
  };
}

function readyOf(
  { held, disabled }: WebhookTarget,
  { lastTry }: WebhookSummary,
): Omit<Told<WebhookConditionType>, 'type'> {
  if (disabled)
    return { status: 'False', reason: 'Disabled', message: 'spec.disabled is set: nothing is sent' };
  if (held !== undefined)
    return { status: 'False', reason: 'SecretMissing', message: `${held}: nothing is sent` };
  if (!lastTry || lastTry.ok) return { status: 'True', reason: 'Ready', message: 'what happens is sent' };
  const answer =
    lastTry.code === null ? 'the receiver did not answer' : `the receiver answered ${lastTry.code}`;
  return { status: 'False', reason: 'DeliveryFailed', message: `${answer}; see its deliveries` };
}
