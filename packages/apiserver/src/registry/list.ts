import { errors, type KubeObject, StatusError } from '@sampan/api';
import { CompactedError, type Entry, type Listing } from '@sampan/store';
import type { Cluster } from './cluster.ts';
import { decodeContinue, encodeContinue } from './continue-token.ts';
import type { Selection } from './selection.ts';
import type { ServedResource } from './served-resource.ts';

export interface ListRequest {
  /** '' = all namespaces. */
  readonly namespace: string;
  readonly selection: Selection;
  /** 0 = all. */
  readonly limit: number;
  readonly continueToken: string;
  /** '' = newest. */
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
}

export interface ListResult {
  readonly entries: readonly Entry[];
  readonly resourceVersion: string;
  readonly continueToken?: string;
  /** Absent when it cannot be known without reading on. */
  readonly remainingItemCount?: number;
}

const RELIST =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
  'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
  'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted ' +
  'between the time the first chunk was returned and now may show up in the list.';

/** Lists a snapshot (Kubernetes docs "API Concepts", "Retrieving large results sets in chunks", "Resource versions"). */
export function list(cluster: Cluster, resource: ServedResource, request: ListRequest): ListResult {
  const prefix = resource.prefix(request.namespace);
  if (request.continueToken !== '') {
    if (request.resourceVersion !== '' && request.resourceVersion !== '0') {
      throw errors.badRequest('specifying resource version is not allowed when using continue');
    }
    const token = decodeContinue(request.continueToken);
    return page(
      cluster,
      resource,
      request,
      prefix,
      token.revision < 0 ? undefined : token.revision,
      token.after,
    );
  }
  return page(cluster, resource, request, prefix, snapshotOf(cluster, request), undefined);
}

/** The same, with the objects converted that are listed: for resources that ask webhooks. */
export async function listAll(
  cluster: Cluster,
  resource: ServedResource,
  request: ListRequest,
): Promise<ListResult> {
  if (!resource.asks) return list(cluster, resource, request);
  // a selector looks at all objects
  const looked = request.selection.everything
    ? []
    : cluster.store.list({ prefix: resource.prefix(request.namespace) }).entries;
  const result = await resource.prepared(looked, () => list(cluster, resource, request));
  await resource.prepare(result.entries);
  return result;
}

/** The revision to read: undefined = newest. */
function snapshotOf(cluster: Cluster, request: ListRequest): number | undefined {
  if (request.resourceVersion === '' || request.resourceVersion === '0') return undefined;
  const wanted = parseRevision(request.resourceVersion);
  checkNotFuture(cluster, wanted);
  // with a limit and no match, the exact version was meant before there was a match
  const exact =
    request.resourceVersionMatch === 'Exact' || (request.resourceVersionMatch === '' && request.limit > 0);
  return exact ? wanted : undefined;
}

export function parseRevision(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw errors.badRequest(
      `invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  return value;
}

/** A revision that is not there yet: the client read it elsewhere, or from before a restore. */
export function checkNotFuture(cluster: Cluster, revision: number): void {
  const current = cluster.store.revision;
  if (revision <= current) return;
  throw new StatusError('Timeout', `Timeout: Too large resource version: ${revision}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

function page(
  cluster: Cluster,
  resource: ServedResource,
  request: ListRequest,
  prefix: string,
  revision: number | undefined,
  after: string | undefined,
): ListResult {
  const { selection, limit } = request;
  const from = after === undefined ? undefined : prefix + after;
  const single = singleKey(resource, request);
  if (single !== undefined && revision === undefined && after === undefined) {
    const entry = cluster.store.get(single);
    const entries = entry && selection.matches(objectOf(resource, entry)) ? [entry] : [];
    return { entries, resourceVersion: String(cluster.store.revision) };
  }
  if (selection.everything) return whole(read(cluster, prefix, revision, from, limit), prefix, limit);
  return filtered(cluster, resource, selection, prefix, revision, from, limit);
}

/** `metadata.name=x` within one namespace is a get. */
function singleKey(resource: ServedResource, { selection, namespace }: ListRequest): string | undefined {
  if (selection.name === undefined || selection.name === '') return undefined;
  if (resource.definition.namespaced && namespace === '') return undefined;
  return resource.key(namespace, selection.name);
}

function whole(listing: Listing, prefix: string, limit: number): ListResult {
  const last = listing.entries.at(-1);
  if (limit === 0 || listing.remaining === 0 || !last) {
    return { entries: listing.entries, resourceVersion: String(listing.revision) };
  }
  return {
    entries: listing.entries,
    resourceVersion: String(listing.revision),
    continueToken: encodeContinue({ revision: listing.revision, after: last.key.slice(prefix.length) }),
    remainingItemCount: listing.remaining,
  };
}

function filtered(
  cluster: Cluster,
  resource: ServedResource,
  selection: Selection,
  prefix: string,
  revision: number | undefined,
  after: string | undefined,
  limit: number,
): ListResult {
  const entries: Entry[] = [];
  const listing = read(cluster, prefix, revision, after, 0);
  for (let i = 0; i < listing.entries.length; i++) {
    const entry = listing.entries[i] as Entry;
    if (!selection.matches(objectOf(resource, entry))) continue;
    entries.push(entry);
    if (entries.length === limit && i < listing.entries.length - 1) {
      return {
        entries,
        resourceVersion: String(listing.revision),
        continueToken: encodeContinue({ revision: listing.revision, after: entry.key.slice(prefix.length) }),
      };
    }
  }
  return { entries, resourceVersion: String(listing.revision) };
}

function objectOf(resource: ServedResource, entry: Entry): KubeObject {
  return resource.objectOf(entry);
}

function read(
  cluster: Cluster,
  prefix: string,
  revision: number | undefined,
  after: string | undefined,
  limit: number,
): Listing {
  try {
    return cluster.store.list({
      prefix,
      limit,
      ...(revision === undefined ? {} : { revision }),
      ...(after === undefined ? {} : { after }),
    });
  } catch (error) {
    if (!(error instanceof CompactedError)) throw error;
    if (after === undefined) throw errors.expired(`The resourceVersion for the provided list is too old.`);
    const expired = errors.expired(RELIST);
    // the client may go on in the newest snapshot
    expired.status.metadata = {
      continue: encodeContinue({ revision: -1, after: after.slice(prefix.length) }),
    };
    throw expired;
  }
}
