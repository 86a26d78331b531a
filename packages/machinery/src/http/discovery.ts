import { parseApiVersion, StatusError } from '@sampan/api';
import type { ResourceRef } from '../client.ts';

export type Discovered = ResourceRef & { readonly verbs: readonly string[] };

interface LegacyResource {
  name: string;
  kind: string;
  namespaced: boolean;
  verbs: string[];
  group?: string;
  version?: string;
}
interface AggregatedList {
  items?: {
    metadata?: { name?: string };
    versions?: {
      version: string;
      freshness?: string;
      resources?: {
        resource: string;
        responseKind?: { kind?: string };
        scope: string;
        verbs: string[];
      }[];
    }[];
  }[];
}

const AGGREGATED =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,' +
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json';

/**
 * All resources (no subresources) in the server's order, preferred versions first: by the aggregated documents
 * (KEP-3352) or, from servers before 1.26, by one document for each version. Rejects when a part cannot be had.
 */
export async function discover(
  get: (path: string, accept: string) => Promise<unknown>,
): Promise<Discovered[]> {
  const [core, groups] = await Promise.all([get('/api', AGGREGATED), get('/apis', AGGREGATED)]);
  if (isAggregated(core) && isAggregated(groups)) return [...fromAggregated(core), ...fromAggregated(groups)];
  const versions = ((groups as { groups?: { versions: { groupVersion: string }[] }[] }).groups ?? [])
    .flatMap((group) => group.versions)
    .map(({ groupVersion }) => groupVersion);
  const lists = await Promise.all(['v1', ...versions].map((groupVersion) => resourcesOf(get, groupVersion)));
  return lists.flat();
}

const isAggregated = (value: unknown): value is AggregatedList =>
  (value as { kind?: unknown }).kind === 'APIGroupDiscoveryList';

function fromAggregated(document: AggregatedList): Discovered[] {
  return (document.items ?? []).flatMap(({ metadata, versions }) =>
    (versions ?? []).flatMap(({ version, freshness, resources }) => {
      const group = metadata?.name ?? '';
      if (freshness === 'Stale')
        throw new StatusError(
          'ServiceUnavailable',
          `the resources of ${group}/${version} cannot be discovered now`,
        );
      return (resources ?? []).map(({ resource, responseKind, scope, verbs }) => ({
        group,
        version,
        resource,
        kind: responseKind?.kind ?? '',
        namespaced: scope === 'Namespaced',
        verbs,
      }));
    }),
  );
}

async function resourcesOf(
  get: (path: string, accept: string) => Promise<unknown>,
  groupVersion: string,
): Promise<Discovered[]> {
  const { group, version } = parseApiVersion(groupVersion);
  const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  let list: { resources?: LegacyResource[] };
  try {
    list = (await get(path, 'application/json')) as typeof list;
  } catch (error) {
    // a custom group that went away between the two requests
    if (error instanceof StatusError && error.code === 404) return [];
    throw error;
  }
  return (list.resources ?? [])
    .filter(({ name }) => !name.includes('/'))
    .map(({ name, kind, namespaced, verbs }) => ({
      group,
      version,
      resource: name,
      kind,
      namespaced,
      verbs,
    }));
}
