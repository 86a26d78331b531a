import { parseApiVersion } from '@sampan/api';
import type { ResourceRef } from '@sampan/machinery';

type Discovered = ResourceRef & { readonly verbs: readonly string[] };

/** Events are many, short-lived and never owned (upstream's DefaultIgnoredResources). */
const IGNORED = new Set(['events.', 'events.events.k8s.io']);
const NEEDED = ['delete', 'list', 'watch'];

/** What a server serves, by kind, and which of it can be collected. */
export class ResourceMap {
  readonly #byKind = new Map<string, ResourceRef>();
  readonly #byGroupKind = new Map<string, ResourceRef>();
  /** One version, the preferred one, of each resource that can be listed, watched and deleted; by `RESOURCE.GROUP`. */
  readonly collected = new Map<string, ResourceRef>();

  constructor(resources: readonly Discovered[]) {
    for (const ref of resources) {
      if (!ref.verbs.includes('get')) continue;
      const exact = `${ref.group}/${ref.version}/${ref.kind}`;
      const general = `${ref.group}/${ref.kind}`;
      if (!this.#byKind.has(exact)) this.#byKind.set(exact, ref);
      if (!this.#byGroupKind.has(general)) this.#byGroupKind.set(general, ref);
      const name = `${ref.resource}.${ref.group}`;
      if (IGNORED.has(name) || this.collected.has(name)) continue;
      if (NEEDED.every((verb) => ref.verbs.includes(verb))) this.collected.set(name, ref);
    }
  }

  /** The resource of a kind in this version or, when that is not served, in another one. */
  find(apiVersion: string, kind: string): ResourceRef | undefined {
    const { group, version } = parseApiVersion(apiVersion);
    return this.#byKind.get(`${group}/${version}/${kind}`) ?? this.#byGroupKind.get(`${group}/${kind}`);
  }
}
