import type { Digest } from '@sampan/blobs';
import { findBlob, linkBlob, repositoriesWith } from '../metadata/blobs.ts';
import { digestIn } from '../names/digests.ts';
import { isRepositoryName } from '../names/names.ts';
import { requireWithin } from '../rules/quota.ts';
import { type Call, projectOfCall } from './call.ts';

/**
 * Specification, "Mounting a blob from another repository"; without `from`, from any that the caller may pull from.
 * What cannot be mounted, also for want of rights, becomes a plain upload: nothing is told of what others have.
 */
export async function mount(call: Call): Promise<Digest | undefined> {
  const { parts, query, repository, caller } = call;
  const digest = digestIn(query.get('mount') ?? '');
  const from = query.get('from');
  if (!digest || (from !== null && !isRepositoryName(from))) return undefined;
  return parts.locks.hold(digest, () =>
    parts.records.write(async (to) => {
      const sources = from === null ? await repositoriesWith(to, digest, MAX_SOURCES) : [from];
      const source = sources.find((name) => name === repository || caller.may('pull', name));
      const found = source === undefined ? undefined : await findBlob(to, source, digest);
      if (!found) return undefined;
      const blob = { digest, size: found.size };
      const grown = await linkBlob(to, repository, blob, parts.clock.now());
      if (grown) await requireWithin(to, projectOfCall(call), blob);
      return digest;
    }),
  );
}

/** Of a blob that more repositories have, such as the empty one, a client sends the bytes. */
const MAX_SOURCES = 100;
