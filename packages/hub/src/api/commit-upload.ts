import {
  type Digest,
  DigestMismatchError,
  type Upload,
  UploadBusyError,
  UploadUnknownError,
} from '@sampan/blobs';
import { RegistryError } from '../errors/registry-error.ts';
import { linkBlob } from '../metadata/blobs.ts';
import { knownBlobs } from '../metadata/garbage.ts';
import { forgetUpload } from '../metadata/uploads.ts';
import { QuotaExceededError, requireRoom, requireWithin } from '../rules/quota.ts';
import { type Call, projectOfCall } from './call.ts';

/**
 * Makes an upload a blob of its repository.
 * @throws RegistryError DIGEST_INVALID, BLOB_UPLOAD_INVALID; QuotaExceededError. What was refused is gone.
 */
export async function commit(call: Call, upload: Upload, digest: Digest): Promise<void> {
  const { parts } = call;
  try {
    await parts.locks.hold(digest, () => store(call, upload, digest));
  } catch (cause) {
    if (cause instanceof UploadBusyError)
      throw new RegistryError('BLOB_UPLOAD_INVALID', cause.message, { cause });
    if (cause instanceof QuotaExceededError) await giveUp(call, upload);
    if (!(cause instanceof DigestMismatchError)) throw cause;
    await parts.uploads.end(upload.id);
    throw new RegistryError('DIGEST_INVALID', cause.message, { cause });
  }
}

/**
 * What was refused for good leaves nothing behind, whether it is stored already or not. An upload that somebody else is
 * at is left to them.
 */
export async function giveUp({ parts }: Call, upload: Upload): Promise<void> {
  try {
    await upload.cancel();
  } catch (thrown) {
    if (thrown instanceof UploadBusyError) return;
    if (!(thrown instanceof UploadUnknownError)) throw thrown;
  }
  await parts.uploads.end(upload.id);
}

/** The caller holds the digest's lock. */
async function store(call: Call, upload: Upload, digest: Digest): Promise<void> {
  const { parts, repository } = call;
  const project = projectOfCall(call);
  await requireRoom(parts.records.read, project, { digest, size: upload.offset });
  const { size } = await upload.commit(digest);
  // also when its blob cannot be recorded
  const isWritten = parts.uploads.ended(upload.id);
  try {
    await parts.records.write(async (to) => {
      const grown = await linkBlob(to, repository, { digest, size }, parts.clock.now());
      // others may have taken the room meanwhile
      if (grown) await requireWithin(to, project, { digest, size });
      if (isWritten) await forgetUpload(to, upload.id);
    });
  } catch (thrown) {
    if (!(thrown instanceof QuotaExceededError)) throw thrown;
    const known = await knownBlobs(parts.records.read, [digest]);
    if (!known.has(digest)) await parts.blobs.delete(digest);
    throw thrown;
  }
}
