import { apiVersionOf, isCustomResource, type ResourceDefinition, type Verb } from '@sampan/api';
import { deepEqual } from '@sampan/base';
import type { ProvidedResource } from '@sampan/machinery';
import { ServedResource } from './served-resource.ts';

/**
 * Which resources this cluster serves now: built-in kinds, and custom and provided ones that come and go.
 * Everything derived from it (discovery, OpenAPI) is cached by `version`.
 */
export class ResourceTable {
  readonly #byPath = new Map<string, ServedResource>();
  readonly #listeners = new Set<() => void>();
  #version = 0;
  #definitions: ResourceDefinition[] | undefined;

  constructor(definitions: readonly ResourceDefinition[]) {
    for (const definition of definitions) this.#set(definition);
  }

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  get(group: string, version: string, resource: string): ServedResource | undefined {
    return this.#byPath.get(pathOf(group, version, resource));
  }

  /** Is there a group of this name that no CustomResourceDefinition made? */
  hasBuiltIn(group: string): boolean {
    for (const { definition } of this.#byPath.values())
      if (definition.group === group && !definition.custom) return true;
    return false;
  }

  all(): IterableIterator<ServedResource> {
    return this.#byPath.values();
  }

  definitions(): readonly ResourceDefinition[] {
    this.#definitions ??= [...this.#byPath.values()].map((served) => served.definition);
    return this.#definitions;
  }

  /** The served version that objects of a collection are stored in, or undefined when nothing serves it. */
  storageOf(collection: string): ServedResource | undefined {
    for (const served of this.#byPath.values())
      if (served.collection === collection && !served.converted) return served;
    return undefined;
  }

  byKind(apiVersion: string, kind: string): ServedResource | undefined {
    for (const served of this.#byPath.values()) {
      if (served.definition.kind === kind && apiVersionOf(served.definition) === apiVersion) return served;
    }
    return undefined;
  }

  /** Adds or replaces definitions and removes others in one step. */
  change(add: readonly ResourceDefinition[], remove: readonly ResourceDefinition[] = []): void {
    for (const { group, version, resource } of remove) this.#byPath.delete(pathOf(group, version, resource));
    for (const definition of add) this.#set(definition);
    this.#version++;
    this.#definitions = undefined;
    for (const listener of this.#listeners) listener();
  }

  /** Serves a resource from elsewhere than the store; the returned function ends that and may be called twice. */
  provide(resource: ProvidedResource): () => void {
    const verbs: Verb[] = resource.watch ? ['get', 'list', 'watch'] : ['get', 'list'];
    const definition = { ...resource.definition, verbs };
    const { group, version, resource: name } = definition;
    if (this.get(group, version, name)) throw new Error(`${name}.${group}/${version} is served already`);
    const served = new ServedResource(definition, resource);
    this.#byPath.set(pathOf(group, version, name), served);
    this.change([]);
    return () => {
      if (this.get(group, version, name) === served) this.change([], [definition]);
    };
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Calls once when a custom resource is served by other rules, or no longer; the returned function ends that. */
  onReplaced({ definition }: ServedResource, listener: () => void): () => void {
    const { group, version, resource: name } = definition;
    const end = this.onChange(() => {
      const now = this.get(group, version, name)?.definition;
      if (
        now &&
        isCustomResource(now) &&
        isCustomResource(definition) &&
        deepEqual(now.origin, definition.origin)
      )
        return;
      end();
      listener();
    });
    return end;
  }

  #set(definition: ResourceDefinition): void {
    const path = pathOf(definition.group, definition.version, definition.resource);
    this.#byPath.set(path, servedOf(definition));
  }
}

/** Built-in definitions are the same for all clusters, and what is made of them is, too. */
const builtIn = new WeakMap<ResourceDefinition, ServedResource>();

function servedOf(definition: ResourceDefinition): ServedResource {
  if (definition.custom) return new ServedResource(definition);
  return builtIn.getOrInsertComputed(definition, () => new ServedResource(definition));
}

function pathOf(group: string, version: string, resource: string): string {
  return `${group}/${version}/${resource}`;
}
