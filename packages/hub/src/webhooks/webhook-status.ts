import { conditionsOf, seconds, type Told } from '../kinds/conditions.ts';
import type { WebhookConditionType, WebhookObject, WebhookStatus } from '../kinds/webhook.ts';
import type { WebhookSummary } from './delivery-records.ts';
import { knownRefusal } from './receiver-address.ts';
import type { WebhookTarget } from './target.ts';

type Said = Omit<Told<WebhookConditionType>, 'type'>;

export interface ReplayOutcome {
  /** `spec.replay.requestedAt` */
  readonly requestedAt: string;
  readonly delivery: string;
  /** Whether the webhook has it. */
  readonly found: boolean;
}

interface WebhookFacts {
  readonly target: WebhookTarget;
  readonly summary: WebhookSummary;
  /** What came of `spec.replay`; undefined: nothing was asked, or it was told before. */
  readonly replay: ReplayOutcome | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The status of a webhook. Of nothing else than these, and of the addresses that this machine has. */
export function webhookStatus(
  { metadata, status }: WebhookObject,
  { target, summary, replay, now }: WebhookFacts,
): WebhookStatus {
  const { pending, failed, lastTry } = summary;
  const { generation } = metadata;
  const before = status?.conditions?.find(({ type }) => type === 'Replayed');
  const replayed = replay ? replayedOf(replay) : before;
  const replayedAt = replay?.requestedAt ?? status?.replayed;
  const told: Told<WebhookConditionType>[] = [{ type: 'Ready', ...readyOf(target, summary) }];
  if (replayed) told.push({ ...pick(replayed), type: 'Replayed' });
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
    ...(replayedAt === undefined ? {} : { replayed: replayedAt }),
  };
}

function readyOf({ held, disabled, url, allowed }: WebhookTarget, { lastTry }: WebhookSummary): Said {
  if (disabled)
    return { status: 'False', reason: 'Disabled', message: 'spec.disabled is set: nothing is sent' };
  if (held !== undefined)
    return { status: 'False', reason: 'SecretMissing', message: `${held}: nothing is sent` };
  const refusal = knownRefusal(url, allowed);
  if (refusal !== undefined) return { status: 'False', reason: 'HostNotAllowed', message: refusal };
  if (!lastTry || lastTry.ok) return { status: 'True', reason: 'Ready', message: 'what happens is sent' };
  const answer = lastTry.error ?? 'the receiver did not answer';
  return { status: 'False', reason: 'DeliveryFailed', message: `${answer}; see its deliveries` };
}

function replayedOf({ delivery, found }: ReplayOutcome): Said {
  if (found) return { status: 'True', reason: 'Sent', message: `${delivery} is sent again` };
  return { status: 'False', reason: 'DeliveryUnknown', message: `this webhook has no delivery ${delivery}` };
}

const pick = ({ status, reason, message }: Said): Said => ({ status, reason, message });
