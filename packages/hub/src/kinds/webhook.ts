import type { KubeObject } from '@sampan/api';
import type { ResourceRef } from '@sampan/machinery';
import { HUB_GROUP, type HubCondition, hubRef } from './group.ts';
import type { TagSelector } from './project.ts';

export const WEBHOOKS: ResourceRef = hubRef(HUB_GROUP, 'webhooks', 'Webhook');

/** Named `PROJECT.NAME`. */
export interface WebhookObject extends KubeObject {
  spec?: WebhookSpec;
  status?: WebhookStatus;
}

export const WEBHOOK_EVENTS = ['push', 'pull', 'delete', 'quota'] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

export interface WebhookSpec {
  readonly description?: string;
  /** The same as in its name. */
  readonly project: string;
  readonly url: string;
  /** PEM of the authorities that the receiver's certificate may be of; absent: those that browsers trust. */
  readonly caBundle?: string;
  readonly events: readonly WebhookEvent[];
  readonly filter?: TagSelector;
  /** The key of the signature; absent: not signed. */
  readonly secretRef?: { readonly namespace: string; readonly name: string; readonly key: string };
  /** Nothing is sent. Default false. */
  readonly disabled?: boolean;
  /** Sends a delivery again, by its name; each new time asks once. */
  readonly replay?: { readonly delivery: string; readonly requestedAt: string };
}

/** `Replayed`: whether there was what `spec.replay` named last. */
export type WebhookConditionType = 'Ready' | 'Replayed';

export interface WebhookStatus {
  readonly observedGeneration?: number;
  readonly conditions?: readonly HubCondition<WebhookConditionType>[];
  readonly lastDelivery?: WebhookDelivery;
  /** Deliveries that are still tried. */
  readonly pending?: number;
  /** Deliveries that were given up. */
  readonly failed?: number;
  /** `spec.replay.requestedAt` that was done last. */
  readonly replayed?: string;
}

export interface WebhookDelivery {
  /** RFC 3339. */
  readonly time: string;
  /** HTTP status; absent: there was no answer. */
  readonly code?: number;
  readonly ok: boolean;
}
