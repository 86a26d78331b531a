import {
  type Digest,
  DigestMismatchError,
  digestAlgorithm,
  isDigestAlgorithm,
  type Upload,
  UploadBusyError,
  UploadOffsetError,
  UploadUnknownError,
} from '@sampan/blobs';
import { RegistryError } from '../errors/registry-error.ts';
import { findBlob, linkBlob, repositoriesWith } from '../metadata/blobs.ts';
import { addUpload, findUpload, forgetUpload } from '../metadata/uploads.ts';
import { checkDigest, digestIn } from '../names/digests.ts';
import { isRepositoryName } from '../names/names.ts';
import type { Call } from './call.ts';
import type { HubResponse } from './message.ts';
import { parseContentRange, uploadedRange } from './range.ts';

/** Specification, "Pushing blobs": a mount, a whole blob (`?digest=`), or a session to send it in. */
export async function startUpload(call: Call): Promise<HubResponse> {
  const { parts, query, repository, caller } = call;
  const mounted = await mount(call);
  if (mounted) return created(repository, mounted);
  const text = query.get('digest');
  const digest = text === null ? undefined : checkDigest(text);
  const upload = await parts.blobs.createUpload({ algorithm: algorithmOf(query, digest) });
  if (digest) return whole(call, upload, digest);
  const record = { id: upload.id, repository, caller: caller.name, started: parts.clock.now() };
  await parts.records.write((to) => addUpload(to, record));
  return accepted(repository, upload, 202);
}

function algorithmOf(query: URLSearchParams, digest: Digest | undefined) {
  if (digest) return digestAlgorithm(digest);
  const asked = query.get('digest-algorithm') ?? 'sha256';
  if (!isDigestAlgorithm(asked)) throw new RegistryError('DIGEST_INVALID', 'unknown digest-algorithm');
  return asked;
}

/**
 * Specification, "Mounting a blob from another repository"; without `from`, from any that the caller may pull from.
 * What cannot be mounted, also for want of rights, becomes a plain upload: nothing is told of what others have.
 */
async function mount({ parts, query, repository, caller }: Call): Promise<Digest | undefined> {
  const digest = digestIn(query.get('mount') ?? '');
  const from = query.get('from');
  if (!digest || (from !== null && !isRepositoryName(from))) return undefined;
  return parts.locks.hold(digest, () =>
    parts.records.write(async (to) => {
      const sources = from === null ? await repositoriesWith(to, digest, MAX_SOURCES) : [from];
      const source = sources.find((name) => name === repository || caller.may('pull', name));
      const found = source === undefined ? undefined : await findBlob(to, source, digest);
      if (!found) return undefined;
      await linkBlob(to, repository, { digest, size: found.size }, parts.clock.now());
      return digest;
    }),
  );
}

/** Of a blob that more repositories have, such as the empty one, a client sends the bytes. */
const MAX_SOURCES = 100;

/** POST with the whole blob: no session that anyone could go on with. */
async function whole(call: Call, upload: Upload, digest: Digest): Promise<HubResponse> {
  try {
    await upload.append(call.request.body, { last: true });
  } catch (thrown) {
    await upload.cancel();
    throw thrown;
  }
  await commit(call, upload, digest);
  return created(call.repository, digest);
}

export async function getUpload(call: Call): Promise<HubResponse> {
  return accepted(call.repository, await open(call), 204);
}

/** PATCH: a chunk, or with no `Content-Range` all that comes. */
export async function appendUpload(call: Call): Promise<HubResponse> {
  const upload = await open(call);
  await append(call, upload, false);
  return accepted(call.repository, upload, 202);
}

/** PUT: the last chunk if there is one, and the digest of all. */
export async function finishUpload(call: Call): Promise<HubResponse> {
  const digest = checkDigest(call.query.get('digest'));
  const upload = await open(call);
  if (call.request.headers['content-length'] !== '0') await append(call, upload, true);
  await commit(call, upload, digest);
  return created(call.repository, digest);
}

export async function cancelUpload(call: Call): Promise<HubResponse> {
  const upload = await open(call);
  await upload.cancel();
  await call.parts.records.write((to) => forgetUpload(to, upload.id));
  return { status: 204, headers: {} };
}

async function open({ parts, repository, reference }: Call): Promise<Upload> {
  const record = await findUpload(parts.records.read, reference);
  if (record?.repository !== repository) throw new RegistryError('BLOB_UPLOAD_UNKNOWN');
  try {
    return await parts.blobs.openUpload(record.id);
  } catch (cause) {
    if (cause instanceof UploadUnknownError)
      throw new RegistryError('BLOB_UPLOAD_UNKNOWN', undefined, { cause });
    throw cause;
  }
}

async function append({ request, repository }: Call, upload: Upload, last: boolean): Promise<void> {
  const range = parseContentRange(request.headers['content-range']);
  const length = request.headers['content-length'];
  if (range && length !== undefined && Number(length) !== range.end - range.start + 1) {
    throw new RegistryError('SIZE_INVALID', 'Content-Length is not that of Content-Range');
  }
  try {
    await upload.append(request.body, { at: range?.start, last });
  } catch (cause) {
    const headers = uploadHeaders(repository, upload);
    if (cause instanceof UploadOffsetError || cause instanceof UploadBusyError) {
      throw new RegistryError('RANGE_INVALID', cause.message, { headers, cause });
    }
    throw cause;
  }
}

async function commit({ parts, repository }: Call, upload: Upload, digest: Digest): Promise<void> {
  try {
    await parts.locks.hold(digest, async () => {
      const { size } = await upload.commit(digest);
      await parts.records.write(async (to) => {
        await linkBlob(to, repository, { digest, size }, parts.clock.now());
        await forgetUpload(to, upload.id);
      });
    });
  } catch (cause) {
    if (cause instanceof UploadBusyError)
      throw new RegistryError('BLOB_UPLOAD_INVALID', cause.message, { cause });
    if (!(cause instanceof DigestMismatchError)) throw cause;
    await parts.records.write((to) => forgetUpload(to, upload.id));
    throw new RegistryError('DIGEST_INVALID', cause.message, { cause });
  }
}

function uploadHeaders(repository: string, upload: Upload): Record<string, string> {
  return {
    // relative, so that it holds behind any proxy; clients keep their credentials for it
    location: `/v2/${repository}/blobs/uploads/${upload.id}`,
    range: uploadedRange(upload.offset),
    'docker-upload-uuid': upload.id,
  };
}

function accepted(repository: string, upload: Upload, status: 202 | 204): HubResponse {
  const length = status === 204 ? {} : { 'content-length': '0' };
  return { status, headers: { ...uploadHeaders(repository, upload), ...length } };
}

function created(repository: string, digest: Digest): HubResponse {
  return {
    status: 201,
    headers: {
      location: `/v2/${repository}/blobs/${digest}`,
      'docker-content-digest': digest,
      'content-length': '0',
    },
  };
}
