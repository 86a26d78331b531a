import type { HubEvent } from '../events/event.ts';
import type { TagSelector } from '../kinds/project.ts';
import { pathInProject } from '../projects/directory.ts';
import { matchesGlob } from '../rules/glob.ts';

/** A Webhook as its sender needs it. */
export interface WebhookTarget {
  /** Of the Webhook object. */
  readonly name: string;
  readonly project: string;
  readonly url: string;
  /** PEM; undefined: the authorities that all trust. */
  readonly ca: string | undefined;
  /** An administrator lets it lead to this machine; see `refusalOf`. */
  readonly allowed: boolean;
  readonly events: readonly HubEvent['type'][];
  readonly filter: TagSelector;
  /** The key that signs; undefined: not signed. */
  readonly key: Uint8Array | undefined;
  /** Nothing is kept for it. */
  readonly disabled: boolean;
  /** Events are kept, but not sent: what is wrong, such as a Secret that is not there. */
  readonly held?: string | undefined;
}

/** Whether the webhook is to be told. A filter of tags is for what has a tag; a refusal for want of space has none. */
export function wants({ project, events, filter, disabled }: WebhookTarget, event: HubEvent): boolean {
  if (disabled || project !== event.project || !events.includes(event.type)) return false;
  const { repositories, tags } = filter;
  if (repositories !== undefined && !matchesGlob(repositories, pathInProject(event.repository))) return false;
  if (tags === undefined || event.type === 'quota') return true;
  return event.tag !== undefined && matchesGlob(tags, event.tag);
}
