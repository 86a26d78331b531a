import type { Digest } from '@sampan/blobs';
import type { EventSource } from '../events/event.ts';
import type { EventLog } from '../events/event-log.ts';
import { type Removal, removeManifest, removeTag } from '../manifests/remove.ts';
import { isReferenced } from '../metadata/blobs.ts';
import type { Writer } from '../metadata/repositories.ts';
import { tagsOf } from '../metadata/tags.ts';
import type { CandidateTag } from './candidates.ts';
import { companionPrefix, subjectOfTag } from './companions.ts';

/** Who did it, to those who are told. */
const SOURCE: EventSource = { actor: 'system:retention', address: '', userAgent: '' };

export interface RepositoryRef {
  readonly id: number;
  readonly name: string;
}

/** An index of indexes of indexes is as deep as anyone goes. */
const MOST_DEPTH = 8;

/**
 * Removes tags as they were found, each with its manifest when nothing else needs that, and with what belongs to it:
 * the images of an index, signatures. Gives the tags that went; one that was set anew meanwhile stays.
 */
export function removeTags(
  events: EventLog,
  repository: RepositoryRef,
  tags: readonly CandidateTag[],
): Promise<CandidateTag[]> {
  return events.write(async (to, tell) => {
    const removal = { repository, source: SOURCE, tell };
    const removed: CandidateTag[] = [];
    for (const tag of tags) {
      if (!(await isAsFound(to, repository.id, tag))) continue;
      await removeTag(to, removal, tag.name);
      await removeUnneeded(to, removal, tag.digest, MOST_DEPTH);
      removed.push(tag);
    }
    return removed;
  });
}

/**
 * Removes manifests as `untaggedManifests` found them, with what belongs to them. Gives those that went; one that was
 * pushed since `before` stays.
 */
export function removeUntagged(
  events: EventLog,
  repository: RepositoryRef,
  digests: readonly Digest[],
  before: number,
): Promise<Digest[]> {
  return events.write(async (to, tell) => {
    const removed: Digest[] = [];
    for (const digest of digests) {
      if (!(await isOlder(to, repository.id, digest, before))) continue;
      await removeUnneeded(to, { repository, source: SOURCE, tell }, digest, MOST_DEPTH);
      if (!(await isOlder(to, repository.id, digest, before))) removed.push(digest);
    }
    return removed;
  });
}

async function isOlder(to: Writer, repository: number, digest: Digest, before: number): Promise<boolean> {
  const row = await to
    .selectFrom('manifests')
    .select('digest')
    .where('repository', '=', repository)
    .where('digest', '=', digest)
    .where('pushed', '<', before)
    .executeTakeFirst();
  return row !== undefined;
}

async function isAsFound(to: Writer, repository: number, tag: CandidateTag): Promise<boolean> {
  const row = await to
    .selectFrom('tags')
    .select('digest')
    .where('repository', '=', repository)
    .where('name', '=', tag.name)
    .where('digest', '=', tag.digest)
    .where('updated', '=', tag.pushed)
    .executeTakeFirst();
  return row !== undefined;
}

async function removeUnneeded(to: Writer, removal: Removal, digest: Digest, depth: number): Promise<void> {
  const { id } = removal.repository;
  if (depth === 0 || (await isReferenced(to, id, digest))) return;
  if ((await tagsOf(to, id, digest)).length > 0) return;
  const children = await childrenOf(to, id, digest);
  if (!(await removeManifest(to, removal, digest))) return;
  for (const child of children) await removeUnneeded(to, removal, child, depth - 1);
  await removeCompanions(to, removal, digest);
  for (const referrer of await referrersOf(to, id, digest)) {
    await removeUnneeded(to, removal, referrer, depth - 1);
  }
}

/** Tags that belong to a manifest by their name, which is gone. */
async function removeCompanions(to: Writer, removal: Removal, subject: Digest): Promise<void> {
  const { id } = removal.repository;
  const prefix = companionPrefix(subject);
  const rows = await to
    .selectFrom('tags')
    .select(['name', 'digest'])
    .where('repository', '=', id)
    .where('name', '>=', prefix)
    .where('name', '<', `${prefix}/`)
    .execute();
  for (const { name, digest } of rows) {
    if (subjectOfTag(name) !== subject) continue;
    await removeTag(to, removal, name);
    await removeUnneeded(to, removal, digest, 1);
  }
}

async function childrenOf(from: Writer, repository: number, digest: Digest): Promise<Digest[]> {
  const rows = await from
    .selectFrom('manifest_references')
    .select('digest')
    .where('repository', '=', repository)
    .where('manifest', '=', digest)
    .where('kind', '=', 'manifest')
    .execute();
  return rows.map((row) => row.digest);
}

async function referrersOf(from: Writer, repository: number, subject: Digest): Promise<Digest[]> {
  const rows = await from
    .selectFrom('manifests')
    .select('digest')
    .where('repository', '=', repository)
    .where('subject', '=', subject)
    .execute();
  return rows.map((row) => row.digest);
}
