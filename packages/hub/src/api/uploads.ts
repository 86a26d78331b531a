import { IncomingMessage } from 'node:http';
import { allEnded, freeBytes } from '@sampan/base';
import {
  BlobTooLargeError,
  type Digest,
  digestAlgorithm,
  isDigestAlgorithm,
  type Upload,
  UploadBusyError,
  UploadOffsetError,
  UploadUnknownError,
} from '@sampan/blobs';
import { RegistryError } from '../errors/registry-error.ts';
import { checkDigest } from '../names/digests.ts';
import { QuotaExceededError, requireRoom } from '../rules/quota.ts';
import { type Call, projectOfCall } from './call.ts';
import { commit, giveUp } from './commit-upload.ts';
import type { HubResponse } from './message.ts';
import { mount } from './mount.ts';
import { parseContentRange, uploadedRange } from './range.ts';
import { overLimit, uploadLimit } from './upload-limit.ts';

/** Specification, "Pushing blobs": a mount, a whole blob (`?digest=`), or a session to send it in. */
export async function startUpload(call: Call): Promise<HubResponse> {
  const { parts, query, repository, caller } = call;
  const mounted = await mount(call);
  if (mounted) return created(repository, mounted);
  const text = query.get('digest');
  const digest = text === null ? undefined : checkDigest(text);
  const algorithm = algorithmOf(query, digest);
  // told here already, a client need not send what is refused
  if (!digest) await requireSession(call);
  const upload = await parts.blobs.createUpload({ algorithm });
  if (digest) return goOn(call, upload, () => whole(call, upload, digest));
  parts.uploads.begin({ id: upload.id, repository, caller: caller.name, started: parts.clock.now() });
  return accepted(repository, upload, 202);
}

/** @throws QuotaExceededError, or RegistryError TOOMANYREQUESTS when the caller has begun too many already */
async function requireSession(call: Call): Promise<void> {
  const { parts, caller } = call;
  await requireRoom(parts.records.read, projectOfCall(call), { size: 1 });
  const { uploads } = parts.limits;
  if (!(await parts.uploads.has(caller.name, uploads))) return;
  throw new RegistryError(
    'TOOMANYREQUESTS',
    `${uploads} uploads are begun and not finished: cancel some, or wait a day`,
  );
}

function algorithmOf(query: URLSearchParams, digest: Digest | undefined) {
  if (digest) return digestAlgorithm(digest);
  const asked = query.get('digest-algorithm') ?? 'sha256';
  if (!isDigestAlgorithm(asked)) throw new RegistryError('DIGEST_INVALID', 'unknown digest-algorithm');
  return asked;
}

/** POST with the whole blob: no session that anyone could go on with. */
async function whole(call: Call, upload: Upload, digest: Digest): Promise<HubResponse> {
  try {
    await append(call, upload, { digest, last: true });
    await commit(call, upload, digest);
  } catch (thrown) {
    await giveUp(call, upload);
    throw thrown;
  }
  return created(call.repository, digest);
}

export async function getUpload(call: Call): Promise<HubResponse> {
  return accepted(call.repository, await open(call), 204);
}

/** PATCH: a chunk, or with no `Content-Range` all that comes. */
export async function appendUpload(call: Call): Promise<HubResponse> {
  const upload = await open(call);
  await goOn(call, upload, () => append(call, upload, {}));
  return accepted(call.repository, upload, 202);
}

/** PUT: the last chunk if there is one, and the digest of all. */
export async function finishUpload(call: Call): Promise<HubResponse> {
  const digest = checkDigest(call.query.get('digest'));
  const upload = await open(call);
  await goOn(call, upload, async () => {
    if (call.request.headers['content-length'] !== '0') await append(call, upload, { digest, last: true });
    await commit(call, upload, digest);
  });
  return created(call.repository, digest);
}

/** Does something with an upload that the collector then lets be. */
async function goOn<T>({ parts }: Call, { id }: Upload, task: () => Promise<T>): Promise<T> {
  const end = parts.uploading.begin(id);
  try {
    return await task();
  } catch (thrown) {
    if (!(thrown instanceof UploadUnknownError)) throw thrown;
    throw new RegistryError('BLOB_UPLOAD_UNKNOWN', undefined, { cause: thrown });
  } finally {
    end();
  }
}

export async function cancelUpload(call: Call): Promise<HubResponse> {
  const upload = await open(call);
  await goOn(call, upload, () => upload.cancel()).catch((cause: unknown) => {
    if (!(cause instanceof UploadBusyError)) throw cause;
    throw new RegistryError('BLOB_UPLOAD_INVALID', cause.message, { cause });
  });
  await call.parts.uploads.end(upload.id);
  return { status: 204, headers: {} };
}

async function open({ parts, repository, reference }: Call): Promise<Upload> {
  const record = await parts.uploads.find(reference);
  if (record?.repository !== repository) throw new RegistryError('BLOB_UPLOAD_UNKNOWN');
  try {
    return await parts.blobs.openUpload(record.id);
  } catch (cause) {
    if (cause instanceof UploadUnknownError)
      throw new RegistryError('BLOB_UPLOAD_UNKNOWN', undefined, { cause });
    throw cause;
  }
}

interface Appended {
  /** Of the whole, where the client said it. */
  readonly digest?: Digest;
  /** Whether the commit follows at once. */
  readonly last?: boolean;
}

async function append(call: Call, upload: Upload, { digest, last }: Appended): Promise<void> {
  const { request, repository } = call;
  const range = parseContentRange(request.headers['content-range']);
  const length = request.headers['content-length'];
  if (range && length !== undefined && Number(length) !== range.end - range.start + 1) {
    throw new RegistryError('SIZE_INVALID', 'Content-Length is not that of Content-Range');
  }
  const size = length === undefined ? undefined : upload.offset + Number(length);
  try {
    const limit = await uploadLimit(call, { size, digest });
    // a body that is refused is not destroyed, which would take the answer's connection with it
    const body = request.body.iterator({ destroyOnReturn: false });
    // what came over HTTP is nobody else's
    const release = request.body instanceof IncomingMessage ? freeBytes : undefined;
    const kept = isWorthKeeping(length, last) ? call.parts.uploads.keep(upload.id) : undefined;
    const appended = upload.append(body, { at: range?.start, last, limit, release });
    // the answer comes when nothing of this request goes on: the next one may be for the same upload
    await allEnded<unknown>([appended, kept]);
  } catch (cause) {
    if (cause instanceof QuotaExceededError) await giveUp(call, upload);
    if (cause instanceof BlobTooLargeError) {
      await giveUp(call, upload);
      throw await overLimit(call, cause);
    }
    const headers = uploadHeaders(repository, upload);
    if (cause instanceof UploadOffsetError || cause instanceof UploadBusyError) {
      throw new RegistryError('RANGE_INVALID', cause.message, { headers, cause });
    }
    throw cause;
  }
}

/** What is lost when this process dies costs less than to write down that it comes. */
const SMALL_BYTES = 4 << 20;

/** Whether a client could go on with what it sends, and would want to. */
const isWorthKeeping = (length: string | undefined, last = false): boolean =>
  !last || length === undefined || Number(length) > SMALL_BYTES;

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
