import { BlobUnknownError, type Digest } from '@sampan/blobs';
import { RegistryError } from '../errors/registry-error.ts';
import { findBlob, isReferenced, type LinkedBlob, renewLink, unlinkBlob } from '../metadata/blobs.ts';
import { findRepository } from '../metadata/repositories.ts';
import { checkDigest } from '../names/digests.ts';
import type { Call } from './call.ts';
import type { HubResponse } from './message.ts';
import { parseRange } from './range.ts';

/** How long a client has to begin a download from where it was sent. */
const REDIRECT_SECONDS = 20 * 60;

/** Specification, "Pulling blobs". A range is never redirected: some object stores and clients disagree on them. */
export async function getBlob(call: Call): Promise<HubResponse> {
  const { parts, request, repository } = call;
  const digest = checkDigest(call.reference);
  const found = await findBlob(parts.records.read, repository, digest);
  if (!found || !(await renewed(call, digest, found))) throw new RegistryError('BLOB_UNKNOWN', digest);
  const { size } = found;
  const headers = {
    'docker-content-digest': digest,
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
    // content under its digest never changes
    etag: `"${digest}"`,
    'cache-control': 'private, max-age=31536000',
  };
  const range = parseRange(request.headers.range, size);
  const length = String(range ? range.end - range.start + 1 : size);
  const partial = range ? { 'content-range': `bytes ${range.start}-${range.end}/${size}` } : {};
  const answer = { status: range ? 206 : 200, headers: { ...headers, ...partial, 'content-length': length } };
  if (request.method === 'HEAD') return answer;
  const elsewhere = range ? undefined : await parts.blobs.redirect(digest, { seconds: REDIRECT_SECONDS });
  if (elsewhere !== undefined) {
    return { status: 307, headers: { location: elsewhere, 'docker-content-digest': digest } };
  }
  return { ...answer, body: await readBlob(call, digest, range) };
}

/**
 * Who asks by HEAD whether a blob is there is about to push a manifest that needs it: the collector must leave it for
 * as long as a new one. Rarely a write: one an hour and blob.
 */
const RENEW_MS = 60 * 60_000;

async function renewed({ parts, request }: Call, digest: Digest, found: LinkedBlob): Promise<boolean> {
  const now = parts.clock.now();
  if (request.method !== 'HEAD' || now - found.linked < RENEW_MS) return true;
  return parts.records.write((to) => renewLink(to, found.repository, digest, now));
}

async function readBlob({ parts }: Call, ...[digest, range]: Parameters<Call['parts']['blobs']['read']>) {
  try {
    return (await parts.blobs.read(digest, range)).stream;
  } catch (cause) {
    if (cause instanceof BlobUnknownError) throw new RegistryError('BLOB_UNKNOWN', digest, { cause });
    throw cause;
  }
}

/**
 * Takes a blob from the repository; its bytes go when no other repository has it (garbage collection).
 * A blob that a manifest of the repository needs is refused: it would break an image.
 */
export async function deleteBlob({ parts, repository, reference }: Call): Promise<HubResponse> {
  const digest = checkDigest(reference);
  await parts.records.write(async (to) => {
    const id = await findRepository(to, repository);
    if (id === undefined) throw new RegistryError('NAME_UNKNOWN', repository);
    if (await isReferenced(to, id, digest)) {
      throw new RegistryError('DENIED', 'a manifest needs this blob: delete the manifest first', {
        status: 405,
      });
    }
    if (!(await unlinkBlob(to, id, digest))) throw new RegistryError('BLOB_UNKNOWN', digest);
  });
  return { status: 202, headers: { 'content-length': '0', 'docker-content-digest': digest } };
}
