import type { Readable } from 'node:stream';
import { type Digest, digestAlgorithm, digestOf } from '@sampan/blobs';
import { chartOf } from '../charts/chart.ts';
import { putChart } from '../charts/chart-records.ts';
import { RegistryError } from '../errors/registry-error.ts';
import type { NewEvent } from '../events/event.ts';
import { sourceOf } from '../events/source.ts';
import type { Descriptor } from '../manifests/descriptor.ts';
import { mediaTypeOf } from '../manifests/media-types.ts';
import { MAX_MANIFEST_BYTES, type Manifest, readManifest } from '../manifests/read-manifest.ts';
import { removeManifest, removeTag } from '../manifests/remove.ts';
import { blobSizes, isReferenced } from '../metadata/blobs.ts';
import {
  findManifest,
  manifestSizes,
  type StoredManifest,
  putManifest as storeManifest,
} from '../metadata/manifests.ts';
import { ensureRepository, findRepository, type Writer } from '../metadata/repositories.ts';
import { putTag, tagsOf } from '../metadata/tags.ts';
import { checkDigest, digestIn } from '../names/digests.ts';
import { checkTag } from '../names/names.ts';
import { projectOf } from '../projects/directory.ts';
import { requireAllowedType } from '../rules/artifact-types.ts';
import { requireMovable, requireRemovable } from '../rules/immutability.ts';
import { requireWithin } from '../rules/quota.ts';
import { type Call, projectOfCall } from './call.ts';
import type { HubResponse } from './message.ts';

/** Specification, "Pulling manifests": the bytes that were pushed, whatever `Accept` says (they have one form only). */
export async function getManifest(call: Call): Promise<HubResponse> {
  const { parts, request, repository, reference } = call;
  checkReference(reference);
  const found = await findManifest(parts.records.read, repository, reference);
  if (!found) throw new RegistryError('MANIFEST_UNKNOWN', `${repository} has no ${reference}`);
  const headers = {
    'content-type': found.mediaType,
    'content-length': String(found.body.length),
    'docker-content-digest': found.digest,
    etag: `"${found.digest}"`,
  };
  if (request.method === 'HEAD') {
    // who has it already, as a node has an image that it starts again, asks for no more than this
    parts.pulls.note({ repository, digest: found.digest, time: parts.clock.now() });
    return { status: 200, headers };
  }
  parts.events.tell(pullOf(call, found));
  return { status: 200, headers, body: found.body };
}

function pullOf(call: Call, found: StoredManifest): NewEvent {
  const { repository, reference } = call;
  return {
    type: 'pull',
    repository,
    tag: digestIn(reference) ? undefined : reference,
    digest: found.digest,
    mediaType: found.mediaType,
    artifactType: found.artifactType ?? undefined,
    size: found.body.length,
    ...sourceOf(call),
  };
}

function checkReference(reference: string): Digest | undefined {
  // no tag has a colon: what has one is meant as a digest
  if (reference.includes(':')) return checkDigest(reference);
  checkTag(reference);
  return undefined;
}

/** More than a build sets at once. */
const MAX_TAGS = 100;

/** Specification, "Pushing manifests"; `?tag=` (repeatable) tags what is pushed by digest, `?digest=` fixes its digest. */
export async function putManifest(call: Call): Promise<HubResponse> {
  const { parts, request, repository, reference, query } = call;
  const tags = [...(checkReference(reference) ? [] : [reference]), ...query.getAll('tag').map(checkTag)];
  if (tags.length > MAX_TAGS) throw new RegistryError('TAG_INVALID', `more than ${MAX_TAGS} tags at once`);
  const body = await readBody(request.body, request.headers['content-length']);
  const digest = digestFor(body, digestIn(reference) ? reference : query.get('digest'));
  const manifest = readManifest(body, mediaTypeOf(request.headers['content-type']));
  const { mediaType, artifactType } = manifest;
  const project = projectOfCall(call);
  requireAllowedType(project, manifest);
  const chart = await chartOf(parts.blobs, manifest);
  const event = { repository, digest, mediaType, artifactType, size: body.length, ...sourceOf(call) };
  await parts.events.write(async (to, tell) => {
    const now = parts.clock.now();
    requireStanding(call);
    const id = await ensureRepository(to, repository, now);
    await requireReferenced(to, id, manifest);
    const tagged = { id, name: repository };
    for (const tag of tags) await requireMovable(to, project, { repository: tagged, tag, digest });
    const grown = await storeManifest(to, id, { digest, body, manifest }, now);
    if (grown) await requireWithin(to, project, event);
    const at = { repository: id, project: projectOf(repository), manifest: digest };
    if (chart) await putChart(to, at, chart, now);
    for (const name of tags) await putTag(to, id, { name, digest }, now);
    for (const tag of tags.length > 0 ? tags : [undefined]) tell({ type: 'push', tag, ...event });
  });
  const subject = manifest.subject === undefined ? {} : { 'oci-subject': manifest.subject };
  const tagged = query.has('tag') ? { 'oci-tag': tags.join(', ') } : {};
  return {
    status: 201,
    headers: {
      location: `/v2/${repository}/manifests/${digest}`,
      'docker-content-digest': digest,
      'content-length': '0',
      ...subject,
      ...tagged,
    },
  };
}

/** Its project may have gone since the client was admitted; nothing may be left in it then. */
function requireStanding(call: Call): void {
  const project = projectOfCall(call);
  if (project && !project.deleting) return;
  throw new RegistryError('DENIED', `project ${projectOf(call.repository)} is deleted`);
}

async function readBody(body: Readable, length: string | undefined): Promise<Buffer> {
  const tooLarge = () =>
    new RegistryError('SIZE_INVALID', `a manifest has at most ${MAX_MANIFEST_BYTES} bytes`, { status: 413 });
  if (Number(length ?? 0) > MAX_MANIFEST_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_MANIFEST_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** The digest of the bytes, by the algorithm of the one that the client expects. */
function digestFor(body: Buffer, expected: string | null): Digest {
  if (expected === null) return digestOf(body);
  const wanted = checkDigest(expected);
  const found = digestOf(body, digestAlgorithm(wanted));
  if (found !== wanted) throw new RegistryError('DIGEST_INVALID', `the manifest has the digest ${found}`);
  return found;
}

/** What a manifest names must be there, and be as large as it says: clients reserve and stop by that. */
async function requireReferenced(from: Writer, repository: number, manifest: Manifest): Promise<void> {
  const digests = (list: readonly Descriptor[]) => [...new Set(list.map(({ digest }) => digest))];
  const blobs = await blobSizes(from, repository, digests(manifest.blobs));
  const manifests = await manifestSizes(from, repository, digests(manifest.manifests));
  const known = [
    ...manifest.blobs.map(({ digest, size }) => ({ digest, size, found: blobs.get(digest) })),
    ...manifest.manifests.map(({ digest, size }) => ({ digest, size, found: manifests.get(digest) })),
  ];
  const absent = known.filter(({ found }) => found === undefined).map(({ digest }) => digest);
  if (absent.length > 0) throw new RegistryError('MANIFEST_BLOB_UNKNOWN', absent.slice(0, 10).join(', '));
  const wrong = known.find(({ size, found }) => size !== found);
  if (wrong) throw new RegistryError('MANIFEST_INVALID', `${wrong.digest} has ${wrong.found} bytes`);
}

/** By digest: with all its tags, unless an index needs it. By tag: the tag only. */
export async function deleteManifest(call: Call): Promise<HubResponse> {
  const { parts, repository, reference } = call;
  const digest = checkReference(reference);
  await parts.events.write(async (to, tell) => {
    const id = await findRepository(to, repository);
    if (id === undefined) throw new RegistryError('NAME_UNKNOWN', repository);
    if (digest && (await isReferenced(to, id, digest))) {
      throw new RegistryError('DENIED', 'an index needs this manifest: delete the index first', {
        status: 405,
      });
    }
    const removal = { repository: { id, name: repository }, source: sourceOf(call), tell };
    for (const tag of digest ? await tagsOf(to, id, digest) : [reference]) {
      requireRemovable(projectOfCall(call), repository, tag);
    }
    const deleted = digest
      ? await removeManifest(to, removal, digest)
      : await removeTag(to, removal, reference);
    if (!deleted) throw new RegistryError('MANIFEST_UNKNOWN', reference);
  });
  return { status: 202, headers: { 'content-length': '0' } };
}
