import { CUSTOM_GROUP_PRIORITY, groupPriorities } from '@sampan/api';
import { isObject, type JsonObject } from '@sampan/base';
import type { RemoteDiscovery } from './aggregator.ts';

/** The API versions of other servers, for the documents that tell what is served. */
export interface RemoteGroups {
  /** Grows with every change. */
  readonly revision: number;
  discovery(): RemoteDiscovery[];
}

/** Groups and their versions, preferred first: this server's with those of others (kube-aggregator handler_apis.go). */
export function withRemote(
  local: ReadonlyMap<string, string[]>,
  remote: readonly RemoteDiscovery[],
): ReadonlyMap<string, string[]> {
  const available = remote.filter((found) => found.available && found.group !== '');
  if (available.length === 0) return local;
  const groups = new Map([...local].map(([name, versions]) => [name, [...versions]]));
  for (const { group, version, versionPriority } of available) {
    const versions = groups.get(group)?.filter((other) => other !== version) ?? [];
    const at = versions.findIndex((other) => priorityOf(available, group, other) < versionPriority);
    versions.splice(at < 0 ? versions.length : at, 0, version);
    groups.set(group, versions);
  }
  const order = (name: string): number =>
    Math.max(
      ...available.filter(({ group }) => group === name).map(({ groupPriority }) => groupPriority),
      local.has(name)
        ? (groupPriorities.find(({ group }) => group === name)?.priority ?? CUSTOM_GROUP_PRIORITY)
        : 0,
    );
  return new Map([...groups].sort(([a], [b]) => order(b) - order(a)));
}

/** The priority of a version, where an APIService says it. */
function priorityOf(remote: readonly RemoteDiscovery[], group: string, version: string): number {
  const found = remote.find((candidate) => candidate.group === group && candidate.version === version);
  return found?.versionPriority ?? Number.POSITIVE_INFINITY;
}

/** One version in the aggregated document (KEP-3352), made from the APIResourceList that its server answered. */
export function remoteVersionDiscovery({ group, version, resources, available }: RemoteDiscovery) {
  const list = (Array.isArray(resources?.resources) ? resources.resources : []).filter(isObject);
  const kindOf = (entry: JsonObject) => ({
    group: entry.group || group,
    version: entry.version || version,
    kind: entry.kind,
  });
  const nameOf = (entry: JsonObject): string => String(entry.name ?? '');
  return {
    resources: list
      .filter((entry) => !nameOf(entry).includes('/'))
      .map((entry) => {
        const below = list
          .filter((other) => nameOf(other).startsWith(`${nameOf(entry)}/`))
          .map((other) => ({
            subresource: nameOf(other).slice(nameOf(entry).length + 1),
            responseKind: kindOf(other),
            verbs: other.verbs,
          }));
        return {
          resource: nameOf(entry),
          responseKind: kindOf(entry),
          scope: entry.namespaced === true ? 'Namespaced' : 'Cluster',
          singularResource: entry.singularName ?? '',
          verbs: entry.verbs,
          ...(entry.shortNames ? { shortNames: entry.shortNames } : {}),
          ...(entry.categories ? { categories: entry.categories } : {}),
          ...(below.length > 0 ? { subresources: below } : {}),
        };
      }),
    freshness: available ? 'Current' : 'Stale',
  };
}
