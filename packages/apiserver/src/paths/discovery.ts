import { createHash } from 'node:crypto';
import { byVersionPriority, type ResourceDefinition, type Verb } from '@sampan/api';
import { type RemoteGroups, remoteVersionDiscovery, withRemote } from '../aggregation/remote-discovery.ts';
import type { Exchange } from '../http/exchange.ts';
import { mediaRanges } from '../http/negotiate.ts';
import { sendBytes, sendJson } from '../http/respond.ts';
import type { ResourceTable } from '../registry/resource-table.ts';

interface ApiResource {
  name: string;
  singularName: string;
  namespaced: boolean;
  kind: string;
  group?: string;
  version?: string;
  verbs: string[];
  shortNames?: string[];
  categories?: string[];
  storageVersionHash?: string;
}

/** The order of upstream's custom resources; built-in ones are sorted. */
const CUSTOM_VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];

const ALL_VERBS: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

/** Discovery: the legacy documents and the aggregated one (KEP-3352), cached until the served resources change. */
export class Discovery {
  readonly #resources: ResourceTable;
  readonly #remote: RemoteGroups | undefined;
  #version = '';
  #cache = new Map<string, unknown>();

  constructor(resources: ResourceTable, remote?: RemoteGroups) {
    this.#resources = resources;
    this.#remote = remote;
  }

  /** Answers `/api`, `/apis` and what is right below them; false: not a path of discovery. */
  serve(exchange: Exchange): boolean {
    const parts = exchange.info.path.split('/').filter((part) => part !== '');
    const [root, group, version] = parts;
    if (root !== 'api' && root !== 'apis') return false;
    if (parts.length === 1) return this.#serveRoot(exchange, root);
    if (root === 'api') return parts.length === 2 && this.#serveVersion(exchange, '', group as string);
    if (parts.length === 2) return this.#serveGroup(exchange, group as string);
    return parts.length === 3 && this.#serveVersion(exchange, group as string, version as string);
  }

  /** All paths of discovery, for the index. */
  paths(): string[] {
    const groups = this.#groups().flatMap(({ name, versions }) => [
      `/apis/${name}`,
      ...versions.map(({ groupVersion }) => `/apis/${groupVersion}`),
    ]);
    return ['/api', '/api/v1', '/apis', ...groups].sort();
  }

  #serveRoot(exchange: Exchange, root: 'api' | 'apis'): boolean {
    const aggregated = aggregatedVersion(exchange.header('accept'));
    if (aggregated !== undefined) {
      const document = this.#cached(`${root} ${aggregated}`, () => this.#aggregated(root, aggregated));
      sendAggregated(exchange, aggregated, document as Document);
      return true;
    }
    if (root === 'api') {
      sendJson(exchange, 200, {
        kind: 'APIVersions',
        versions: ['v1'],
        serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: exchange.host }],
      });
    } else {
      sendJson(
        exchange,
        200,
        this.#cached('apis', () => ({ kind: 'APIGroupList', apiVersion: 'v1', groups: this.#groups() })),
      );
    }
    return true;
  }

  #serveGroup(exchange: Exchange, group: string): boolean {
    const found = this.#groups().find(({ name }) => name === group);
    if (!found) return false;
    sendJson(exchange, 200, { kind: 'APIGroup', apiVersion: 'v1', ...found });
    return true;
  }

  #serveVersion(exchange: Exchange, group: string, version: string): boolean {
    const definitions = this.#of(group, version);
    if (definitions.length === 0) return false;
    const groupVersion = group === '' ? version : `${group}/${version}`;
    const document = this.#cached(groupVersion, () => ({
      kind: 'APIResourceList',
      ...(group === '' ? {} : { apiVersion: 'v1' }),
      groupVersion,
      resources: definitions.flatMap(legacyResources),
    }));
    sendJson(exchange, 200, document);
    return true;
  }

  #of(group: string, version: string): ResourceDefinition[] {
    return this.#resources
      .definitions()
      .filter((definition) => definition.group === group && definition.version === version)
      .sort((a, b) => (a.resource < b.resource ? -1 : 1));
  }

  /** Groups with their versions, preferred first, in the order of the table (custom ones by name behind it). */
  #groups() {
    const versions = new Map<string, string[]>();
    for (const { group, version } of this.#resources.definitions()) {
      if (group === '') continue;
      const list = versions.get(group) ?? [];
      if (!list.includes(version)) list.push(version);
      versions.set(group, list);
    }
    for (const list of versions.values()) list.sort(byVersionPriority);
    const remote = this.#remote?.discovery() ?? [];
    return [...withRemote(versions, remote)].map(([name, list]) => {
      const entries = list.map((version) => ({ groupVersion: `${name}/${version}`, version }));
      return { name, versions: entries, preferredVersion: entries[0] };
    });
  }

  #aggregated(root: 'api' | 'apis', version: AggregatedVersion): Document {
    const groups = root === 'api' ? [{ name: '', versions: [{ version: 'v1' }] }] : this.#groups();
    const items = groups.map(({ name, versions }) => ({
      metadata: { ...(name === '' ? {} : { name }), creationTimestamp: null },
      versions: versions.map((entry) => ({
        version: entry.version,
        ...(this.#remoteVersion(name, entry.version) ?? {
          resources: this.#of(name, entry.version).map(aggregatedResource),
          freshness: 'Current',
        }),
      })),
    }));
    const body = Buffer.from(
      JSON.stringify({
        kind: 'APIGroupDiscoveryList',
        apiVersion: `apidiscovery.k8s.io/${version}`,
        metadata: {},
        items,
      }),
    );
    return { body, etag: `"${createHash('sha512').update(body).digest('hex').toUpperCase()}"` };
  }

  #remoteVersion(group: string, version: string) {
    const found = this.#remote
      ?.discovery()
      .find((candidate) => candidate.group === group && candidate.version === version);
    return found && remoteVersionDiscovery(found);
  }

  #cached(key: string, make: () => unknown): unknown {
    const version = `${this.#resources.version} ${this.#remote?.revision}`;
    if (this.#version !== version) {
      this.#cache = new Map();
      this.#version = version;
    }
    return this.#cache.getOrInsertComputed(key, make);
  }
}

type AggregatedVersion = 'v2' | 'v2beta1';
interface Document {
  readonly body: Buffer;
  readonly etag: string;
}

/** Which aggregated form the client prefers to the legacy one; undefined: none. */
function aggregatedVersion(accept: string): AggregatedVersion | undefined {
  if (!accept.includes('APIGroupDiscoveryList')) return undefined;
  for (const { type, parameters } of mediaRanges(accept)) {
    if (type !== 'application/json' && type !== '*/*') continue;
    const version = parameters.get('v');
    if (parameters.get('as') === undefined) return undefined;
    if (parameters.get('g') === 'apidiscovery.k8s.io' && parameters.get('as') === 'APIGroupDiscoveryList') {
      if (version === 'v2' || version === 'v2beta1') return version;
    }
  }
  return undefined;
}

function sendAggregated(exchange: Exchange, version: AggregatedVersion, { body, etag }: Document): void {
  exchange.response.setHeader('etag', etag);
  exchange.response.setHeader('vary', 'Accept');
  if (exchange.header('if-none-match') === etag) {
    exchange.response.statusCode = 304;
    exchange.response.end();
    return;
  }
  sendBytes(
    exchange,
    200,
    `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
    body,
  );
}

function legacyResources(definition: ResourceDefinition): ApiResource[] {
  const { resource, namespaced } = definition;
  const base = (name: string, kind: string, verbs: readonly string[]): ApiResource => ({
    name,
    singularName: '',
    namespaced,
    kind,
    verbs: [...verbs].sort(),
  });
  const main: ApiResource = {
    ...base(resource, definition.kind, definition.verbs ?? ALL_VERBS),
    ...(definition.custom ? { verbs: CUSTOM_VERBS } : {}),
    singularName: definition.singular,
    ...(definition.shortNames?.length ? { shortNames: [...definition.shortNames] } : {}),
    ...(definition.categories?.length ? { categories: [...definition.categories] } : {}),
    ...((definition.verbs ?? ALL_VERBS).includes('get')
      ? { storageVersionHash: storageVersionHash(definition) }
      : {}),
  };
  return [
    main,
    ...subresourcesOf(definition).map(({ name, kind, group, version, verbs }) => ({
      ...base(`${resource}/${name}`, kind, verbs),
      ...(group !== undefined ? { group } : {}),
      ...(version !== undefined ? { version } : {}),
    })),
  ];
}

interface Subresource {
  name: string;
  kind: string;
  group?: string;
  version?: string;
  verbs: readonly string[];
}

function subresourcesOf(definition: ResourceDefinition): Subresource[] {
  const list: Subresource[] = [];
  if (definition.rules.status)
    list.push({ name: 'status', kind: definition.kind, verbs: ['get', 'patch', 'update'] });
  if (definition.scale) {
    list.push({
      name: 'scale',
      kind: 'Scale',
      group: 'autoscaling',
      version: 'v1',
      verbs: ['get', 'patch', 'update'],
    });
  }
  for (const [name, subresource] of Object.entries(definition.subresources ?? {})) {
    if (!list.some((other) => other.name === name)) list.push({ name, ...subresource });
  }
  return definition.custom ? list : list.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function aggregatedResource(definition: ResourceDefinition) {
  const subresources = subresourcesOf(definition).map(({ name, kind, group, version, verbs }) => ({
    subresource: name,
    responseKind: { group: group ?? definition.group, version: version ?? definition.version, kind },
    verbs: [...verbs].sort(),
  }));
  return {
    resource: definition.resource,
    responseKind: { group: definition.group, version: definition.version, kind: definition.kind },
    scope: definition.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: definition.singular,
    verbs: [...(definition.verbs ?? ALL_VERBS)].sort(),
    ...(definition.shortNames?.length ? { shortNames: definition.shortNames } : {}),
    ...(definition.categories?.length ? { categories: definition.categories } : {}),
    ...(subresources.length > 0 ? { subresources } : {}),
  };
}

/** apiserver pkg/endpoints/discovery StorageVersionHash: the storage group, version and kind. */
function storageVersionHash(definition: ResourceDefinition): string {
  const { group, version } = definition.storage ?? definition;
  return createHash('sha256')
    .update(`${group}/${version}/${definition.kind}`)
    .digest()
    .subarray(0, 8)
    .toString('base64');
}
