import type { BlobTooLargeError, Digest } from '@sampan/blobs';
import { RegistryError } from '../errors/registry-error.ts';
import { QuotaExceededError, requireRoom, roomIn } from '../rules/quota.ts';
import { hasContent, readUsage } from '../rules/usage.ts';
import { type Call, projectOfCall } from './call.ts';

/** What is known of an upload before its bytes come. */
interface Announced {
  /** Bytes of all of it as far as it was announced; undefined: it is as long as it is. */
  readonly size: number | undefined;
  /** Its digest, where the client said it already. */
  readonly digest: Digest | undefined;
}

/**
 * The most bytes that the whole upload may have; undefined: no limit.
 * @throws QuotaExceededError, or RegistryError SIZE_INVALID (413), when more is announced
 */
export async function uploadLimit(call: Call, { size, digest }: Announced): Promise<number | undefined> {
  const { records, limits } = call.parts;
  const most = limits.maxBlobBytes;
  if (size !== undefined && size > most) throw tooLarge(most);
  const project = projectOfCall(call);
  if (size !== undefined) await requireRoom(records.read, project, { digest, size });
  const room = await roomIn(records.read, project);
  if (!project || room === undefined) return most;
  if (digest && (await hasContent(records.read, project.name, digest))) return most;
  return Math.min(room, most);
}

/** What to answer to an upload that was longer than its limit. */
export async function overLimit(call: Call, thrown: BlobTooLargeError): Promise<RegistryError> {
  const { records, limits } = call.parts;
  const project = projectOfCall(call);
  if (!project || thrown.limit >= limits.maxBlobBytes) return tooLarge(thrown.limit);
  const used = await readUsage(records.read, project.name);
  return new QuotaExceededError(project.name, { size: undefined }, { used, limit: project.quotaBytes ?? 0 });
}

function tooLarge(most: number): RegistryError {
  return new RegistryError('SIZE_INVALID', `a blob has at most ${most} bytes`, { status: 413 });
}
