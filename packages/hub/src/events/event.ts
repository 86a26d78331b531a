import type { WebhookEvent } from '../kinds/webhook.ts';

/** Who did it, and from where. */
export interface EventSource {
  /** The login name; empty: anonymous. What the registry does by itself: `system:` and what (`system:retention`). */
  readonly actor: string;
  /** IP address of the client; empty: the registry itself. */
  readonly address: string;
  /** As the client sent it, cut to 256 characters; empty: none. */
  readonly userAgent: string;
}

/**
 * Something that happened to a manifest. `push`: one for each tag set, or one without a tag for a push by digest.
 * `delete`: with a tag, that tag went; without, the manifest (after one for each tag that went with it). `pull`: a
 * manifest was read by GET, by the tag or digest that the client named. `quota`: a push was refused for want of space.
 */
export interface NewEvent extends EventSource {
  readonly type: WebhookEvent;
  /** With its project: `shop/web`. */
  readonly repository: string;
  readonly tag?: string | undefined;
  /** Of the manifest; `quota`: of what was refused. */
  readonly digest: string;
  readonly mediaType: string;
  readonly artifactType?: string | undefined;
  /** Bytes of the manifest (as a descriptor of it says), not of its layers. `quota`: of what was refused. */
  readonly size: number;
  /** `quota` only: bytes that the project has, and may have. */
  readonly quota?: { readonly used: number; readonly limit: number } | undefined;
}

export interface HubEvent extends NewEvent {
  /** Unique; the same event told again has the same. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly project: string;
}
