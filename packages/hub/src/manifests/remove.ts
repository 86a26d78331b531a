import type { Digest } from '@sampan/blobs';
import type { EventSource, NewEvent } from '../events/event.ts';
import { deleteManifest, describeManifest } from '../metadata/manifests.ts';
import type { Writer } from '../metadata/repositories.ts';
import { deleteTag, findTag, tagsOf } from '../metadata/tags.ts';

/** From where something is removed, and who does it. */
export interface Removal {
  readonly repository: { readonly id: number; readonly name: string };
  readonly source: EventSource;
  /** As `EventLog.write` gives it. */
  readonly tell: (event: NewEvent) => void;
}

/** Removes a tag, not its manifest, and tells of it; whether it was there. */
export async function removeTag(to: Writer, removal: Removal, tag: string): Promise<boolean> {
  const digest = await findTag(to, removal.repository.id, tag);
  if (!digest || !(await deleteTag(to, removal.repository.id, tag))) return false;
  await tellOf(to, removal, digest, [tag]);
  return true;
}

/** Removes a manifest with its tags and tells of them all; whether it was there. What needs it is for the caller. */
export async function removeManifest(to: Writer, removal: Removal, digest: Digest): Promise<boolean> {
  const { id } = removal.repository;
  await tellOf(to, removal, digest, [...(await tagsOf(to, id, digest)), undefined]);
  return deleteManifest(to, id, digest);
}

async function tellOf(
  to: Writer,
  { repository, source, tell }: Removal,
  digest: Digest,
  tags: readonly (string | undefined)[],
): Promise<void> {
  const described = await describeManifest(to, repository.id, digest);
  if (!described) return;
  for (const tag of tags) tell({ type: 'delete', repository: repository.name, tag, ...described, ...source });
}
