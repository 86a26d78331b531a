import type { BlobOutcome, ContentSource, Moved } from '../content/content.ts';
import type { Descriptor } from '../content/descriptor.ts';
import { RegistryAnswerError } from '../errors.ts';
import { PassingError, withRetries } from '../http/retry.ts';
import { type HttpAnswer, readBody } from '../http/transport.ts';
import { Repository } from './repository.ts';

const MAX_BYTES = 1 << 20;
/** Less is sent again from its beginning where it has to be. */
const LARGE_BYTES = 8 << 20;

/** A session of the registry in which a blob is sent. */
interface Session {
  url: URL;
  offset: number;
}

/**
 * Distribution specification, "Pushing blobs": nothing if it is there, a mount if the registry has it elsewhere, else a
 * session; a broken one goes on where it ended.
 */
export async function uploadBlob(
  repository: Repository,
  blob: Descriptor,
  source: ContentSource,
  moved: Moved,
): Promise<BlobOutcome> {
  if (await repository.hasBlob(blob)) return 'there';
  const from = source instanceof Repository && isNeighbour(source, repository) ? source : undefined;
  const begun = await begin(repository, blob, from);
  if (begun === 'mounted') return begun;
  let session: Session | undefined = begun;
  // what the registry says that it has, not what was sent
  const progress = () => session?.offset ?? 0;
  await withRetries(async (tried) => {
    if (tried > 0) session = session && (await whereItEnded(repository, session));
    session ??= (await begin(repository, blob, undefined)) as Session;
    await finish(repository, blob, session, source, moved);
  }, progress);
  return 'moved';
}

const isNeighbour = (source: Repository, target: Repository): boolean =>
  source.registry.origin.origin === target.registry.origin.origin && source.name !== target.name;

async function begin(
  repository: Repository,
  { digest }: Descriptor,
  from: Repository | undefined,
): Promise<Session | 'mounted'> {
  const url = repository.url('blobs/uploads/');
  if (from) {
    url.searchParams.set('mount', digest);
    url.searchParams.set('from', from.name);
  }
  const scopes = [repository.scope('pull', 'push'), ...(from ? [from.scope('pull')] : [])];
  const { answer } = await repository.registry.text({
    method: 'POST',
    url,
    scopes,
    headers: { 'content-length': '0' },
    expected: [201, 202],
    what: `to store a blob in ${repository.name}`,
  });
  if (answer.status === 201) return 'mounted';
  const { location = '' } = answer.headers;
  return { url: new URL(location, url), offset: 0 };
}

/** Distribution specification, "Resuming an upload"; undefined: the session is gone, and begins anew. */
async function whereItEnded(repository: Repository, { url }: Session): Promise<Session | undefined> {
  const { answer } = await repository.registry.text({
    method: 'GET',
    url,
    scopes: [repository.scope('pull', 'push')],
    expected: [200, 202, 204, 404],
    what: `where an upload to ${repository.name} ended`,
  });
  const last = /^(?:bytes=)?0-(\d+)$/.exec(answer.headers.range ?? '')?.[1];
  if (answer.status === 404) return undefined;
  const offset = last === undefined || Number(last) === 0 ? 0 : Number(last) + 1;
  const { location } = answer.headers;
  return { url: location === undefined ? url : new URL(location, url), offset };
}

/**
 * Sends what is missing. Much of it goes by PATCH, after which the session is there still: what a broken PUT sent, many
 * registries forget.
 */
async function finish(
  repository: Repository,
  blob: Descriptor,
  session: Session,
  source: ContentSource,
  moved: Moved,
): Promise<void> {
  try {
    const isLarge = blob.size - session.offset >= LARGE_BYTES;
    const last = isLarge ? await sendChunk(repository, blob, session, source, moved) : session;
    const target = new URL(last.url);
    target.searchParams.set('digest', blob.digest);
    await send(
      repository,
      blob,
      { method: 'PUT', url: target, offset: last.offset, expected: [201, 204] },
      source,
      moved,
    );
  } catch (error) {
    // another offset than it knows, or another request that has not ended yet: ask where it is
    const isElsewhere = error instanceof RegistryAnswerError && [404, 409, 416].includes(error.status);
    throw isElsewhere ? new PassingError(error, undefined) : error;
  }
}

async function sendChunk(
  repository: Repository,
  blob: Descriptor,
  { url, offset }: Session,
  source: ContentSource,
  moved: Moved,
): Promise<Session> {
  const { location } = await send(
    repository,
    blob,
    { method: 'PATCH', url, offset, expected: [202, 204] },
    source,
    moved,
  );
  return { url: location === undefined ? url : new URL(location, url), offset: blob.size };
}

interface Part {
  readonly method: 'PATCH' | 'PUT';
  readonly url: URL;
  /** From where on to the blob's end. */
  readonly offset: number;
  readonly expected: readonly number[];
}

async function send(
  repository: Repository,
  blob: Descriptor,
  { offset, ...call }: Part,
  source: ContentSource,
  moved: Moved,
): Promise<HttpAnswer['headers']> {
  const length = blob.size - offset;
  const range = offset > 0 && length > 0 ? { 'content-range': `${offset}-${blob.size - 1}` } : {};
  const open = async () => {
    let sent = offset;
    const stream = await source.blob(blob, offset);
    return stream.on('data', (chunk: Buffer) => {
      sent += chunk.length;
      moved(sent);
    });
  };
  const answer = await repository.registry.sendOnce({
    ...call,
    scopes: [repository.scope('pull', 'push')],
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(length), ...range },
    ...(length > 0 ? { body: open } : {}),
    what: `a blob of ${repository.name}`,
  });
  await readBody(answer, MAX_BYTES);
  return answer.headers;
}
