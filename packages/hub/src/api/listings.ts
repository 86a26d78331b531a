import { RegistryError } from '../errors/registry-error.ts';
import { OCI_INDEX } from '../manifests/media-types.ts';
import { listReferrers as findReferrers } from '../metadata/manifests.ts';
import { listRepositories as findRepositories, findRepository } from '../metadata/repositories.ts';
import { listTags as findTags } from '../metadata/tags.ts';
import { checkDigest } from '../names/digests.ts';
import type { Call } from './call.ts';
import { type HubResponse, json } from './message.ts';
import { nextLink, parsePage } from './paging.ts';

/** One more than asked for is read, to know whether more follow. */
async function page(
  { query }: Call,
  path: string,
  read: (after: string, limit: number) => Promise<string[]>,
): Promise<{ items: string[]; headers: Record<string, string> }> {
  const { limit, last } = parsePage(query);
  if (limit === 0) return { items: [], headers: {} };
  const found = await read(last ?? '', limit + 1);
  const items = found.slice(0, limit);
  const end = items.at(-1);
  return {
    items,
    headers: found.length > limit && end !== undefined ? { link: nextLink(path, limit, end) } : {},
  };
}

/** Specification, "Listing tags". */
export async function listTags(call: Call): Promise<HubResponse> {
  const { limit, last = '' } = parsePage(call.query);
  return call.parts.tagLists.answer(call.repository, `${limit} ${last}`, () => readTags(call));
}

async function readTags(call: Call): Promise<HubResponse> {
  const { parts, repository } = call;
  const id = await findRepository(parts.records.read, repository);
  if (id === undefined) throw new RegistryError('NAME_UNKNOWN', repository);
  const { items, headers } = await page(call, `/v2/${repository}/tags/list`, (after, limit) =>
    findTags(parts.records.read, id, after, limit),
  );
  const body = Buffer.from(JSON.stringify({ name: repository, tags: items }));
  const described = { 'content-type': 'application/json', 'content-length': String(body.length) };
  return { status: 200, headers: { ...described, ...headers }, body };
}

/** Of distribution and Docker, not of the specification: all repositories. */
export async function listRepositories(call: Call): Promise<HubResponse> {
  const { items, headers } = await page(call, '/v2/_catalog', (after, limit) =>
    findRepositories(call.parts.records.read, after, limit),
  );
  return json(200, { repositories: items }, headers);
}

/** Descriptors with annotations are large, and clients read an index up to 4 MiB. */
const REFERRERS_PAGE = 500;

/** Specification, "Listing Referrers": an index, empty when nothing refers to the subject or it is unknown. */
export async function listReferrers({ parts, repository, reference, query }: Call): Promise<HubResponse> {
  const subject = checkDigest(reference);
  const artifactType = query.get('artifactType') ?? undefined;
  const after = query.get('last') ?? '';
  const wanted = { subject, artifactType, after, limit: REFERRERS_PAGE + 1 };
  const found = await findReferrers(parts.records.read, repository, wanted);
  const manifests = found
    .slice(0, REFERRERS_PAGE)
    .map(({ artifactType: type, annotations, ...descriptor }) => ({
      ...descriptor,
      ...(type === null ? {} : { artifactType: type }),
      ...(annotations === '{}' ? {} : { annotations: JSON.parse(annotations) as unknown }),
    }));
  const last = manifests.at(-1);
  const headers: Record<string, string> = { 'content-type': OCI_INDEX };
  if (artifactType !== undefined) headers['oci-filters-applied'] = 'artifactType';
  if (found.length > REFERRERS_PAGE && last) {
    const next = new URLSearchParams(artifactType === undefined ? {} : { artifactType });
    next.set('last', last.digest);
    headers.link = `</v2/${repository}/referrers/${subject}?${next}>; rel="next"`;
  }
  return json(200, { schemaVersion: 2, mediaType: OCI_INDEX, manifests }, headers);
}
