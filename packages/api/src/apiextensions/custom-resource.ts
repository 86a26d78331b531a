import { deepClone, deepEqual, type JsonObject } from '@sampan/base';
import type { ResourceDefinition } from '../kinds/resource.ts';
import type { KubeObject } from '../meta/object.ts';
import { byVersionPriority } from '../meta/version-priority.ts';
import { coerceEmbedded } from './coerce-metadata.ts';
import type { CrdVersion, CustomResourceDefinition } from './crd.ts';
import { customRules } from './custom-rules.ts';
import { applyDefaults, pruneNulls } from './defaults.ts';
import type { JsonSchema } from './json-schema.ts';
import { prune } from './prune.ts';
import { type SchemaNode, schemaNode } from './schema-node.ts';
import { typeSchemaOf } from './type-schema-of.ts';

/** A served version of a CustomResourceDefinition. Immutable: a change of the CRD makes new ones. */
export interface CustomResource extends ResourceDefinition {
  readonly custom: true;
  /** The CRD's name and generation it was made from. */
  readonly origin: { readonly name: string; readonly generation: number };
  /** The structural schema, without apiVersion, kind and metadata unless the author wrote them. */
  readonly openApiSchema: JsonSchema;
  readonly node: SchemaNode;
  /** The CRD is being deleted: no new objects. */
  readonly terminating: boolean;
  /** Objects are stored in this version. */
  readonly storageVersion: boolean;
  /** For the `Warning` header of every request to a deprecated version. */
  readonly deprecationWarning?: string;
  /** Removes unspecified fields in place; returns their paths, sorted (`spec.foo[0].bar`). */
  prune(object: KubeObject): string[];
  /** Fills defaults in place. */
  applyDefaults(object: KubeObject): void;
  /** Paths that `prune` would remove; the object is not changed. */
  unknownFields(object: KubeObject): string[];
}

export function isCustomResource(definition: ResourceDefinition): definition is CustomResource {
  return (definition as Partial<CustomResource>).custom === true;
}

/** Asks a webhook for objects in another version; answers in the same order. Rejects with a StatusError. */
export type ConvertObjects = (objects: readonly KubeObject[], apiVersion: string) => Promise<KubeObject[]>;

/**
 * The kinds that a CRD serves, one for each served version; the names are the accepted ones. `convert`: of strategy
 * Webhook; absent: only apiVersion changes.
 */
export function resourceDefinitionsOf(
  crd: CustomResourceDefinition,
  convert?: ConvertObjects,
): CustomResource[] {
  return crd.spec.versions
    .filter((version) => version.served)
    .map((version) => customResource(crd, version, convert));
}

function customResource(
  crd: CustomResourceDefinition,
  version: CrdVersion,
  convert: ConvertObjects | undefined,
): CustomResource {
  const { group, scope } = crd.spec;
  const names = { ...crd.spec.names, ...crd.status?.acceptedNames };
  const kind = names.kind || crd.spec.names.kind || '';
  const resource = names.plural || crd.spec.names.plural || '';
  const openApiSchema = version.schema?.openAPIV3Schema ?? {};
  const node = schemaNode(openApiSchema);
  const scale = version.subresources?.scale;
  const warning = deprecationWarning(crd, version, kind);
  const storage = storageOf(crd, version, resource, node, convert);
  return {
    custom: true,
    origin: { name: crd.metadata.name ?? '', generation: crd.metadata.generation ?? 1 },
    group,
    version: version.name,
    kind,
    listKind: names.listKind || `${kind}List`,
    resource,
    singular: names.singular || kind.toLowerCase(),
    namespaced: scope === 'Namespaced',
    ...(names.shortNames?.length ? { shortNames: names.shortNames } : {}),
    ...(names.categories?.length ? { categories: names.categories } : {}),
    schema: typeSchemaOf(openApiSchema),
    openApiSchema,
    node,
    terminating: crd.metadata.deletionTimestamp !== undefined,
    storageVersion: version.storage,
    ...(warning === undefined ? {} : { deprecationWarning: warning }),
    rules: customRules({ group, version: version.name, kind }, version, node),
    ...(scale
      ? {
          scale: {
            specReplicas: scale.specReplicasPath.replace(/^\./, ''),
            statusReplicas: scale.statusReplicasPath.replace(/^\./, ''),
            ...(scale.labelSelectorPath ? { selector: scale.labelSelectorPath.replace(/^\./, '') } : {}),
          },
        }
      : {}),
    ...(storage ? { storage } : {}),
    prune: (object) => prune(object, node),
    applyDefaults: (object) => applyDefaults(object, node),
    unknownFields: (object) => prune(deepClone(object), node),
  };
}

function deprecationWarning(
  crd: CustomResourceDefinition,
  version: CrdVersion,
  kind: string,
): string | undefined {
  if (!version.deprecated) return undefined;
  if (version.deprecationWarning !== undefined) return version.deprecationWarning;
  const { group, versions } = crd.spec;
  const [better] = versions
    .filter((other) => other.served && !other.deprecated && byVersionPriority(other.name, version.name) < 0)
    .map((other) => other.name)
    .sort(byVersionPriority);
  const text = `${group}/${version.name} ${kind} is deprecated`;
  return better === undefined ? text : `${text}; use ${group}/${better} ${kind}`;
}

/**
 * How stored objects are read in this version: converted (by `ask`, or only apiVersion changes), pruned and
 * defaulted by the schemas of today. A CRD that never changed has nothing to convert: its storage version
 * reads stored objects as they are. Results are remembered for each stored object.
 */
function storageOf(
  crd: CustomResourceDefinition,
  version: CrdVersion,
  resource: string,
  node: SchemaNode,
  ask: ConvertObjects | undefined,
): ResourceDefinition['storage'] {
  const stored = crd.spec.versions.find((other) => other.storage) ?? version;
  if (stored.name === version.name && (crd.metadata.generation ?? 1) <= 1) return undefined;
  const { group } = crd.spec;
  const apiVersion = `${group}/${version.name}`;
  const storedApiVersion = `${group}/${stored.name}`;
  const nodes = new Map(
    crd.spec.versions.map((v) => [
      `${group}/${v.name}`,
      v === version ? node : schemaNode(v.schema?.openAPIV3Schema ?? {}),
    ]),
  );
  const storedNode = nodes.get(storedApiVersion) ?? node;
  const known = new WeakMap<KubeObject, KubeObject>();
  const tidied = (object: KubeObject): KubeObject => {
    const copy = deepClone(object);
    const from = nodes.get(object.apiVersion) ?? node;
    clean(copy, from);
    applyDefaults(copy, from);
    return copy;
  };
  const convert = (object: KubeObject): KubeObject => {
    const copy = tidied(object);
    const from = nodes.get(object.apiVersion) ?? node;
    copy.apiVersion = apiVersion;
    if (from !== node) clean(copy, node);
    return deepEqual(copy, object) ? object : copy;
  };
  return {
    group,
    version: stored.name,
    resource,
    fromStorage(object) {
      let made = known.get(object);
      if (made === undefined) {
        made = convert(object);
        known.set(object, made);
      }
      return made;
    },
    toStorage(object) {
      if (object.apiVersion === storedApiVersion) return object;
      const copy = deepClone(object);
      copy.apiVersion = storedApiVersion;
      clean(copy, storedNode);
      return copy;
    },
    ...(ask ? { asking: askingStorage() } : {}),
  };

  function askingStorage(): NonNullable<NonNullable<ResourceDefinition['storage']>['asking']> {
    const asked = async (objects: readonly KubeObject[], wanted: string, by: SchemaNode) => {
      if (objects.length === 0) return [];
      const made = await (ask as ConvertObjects)(objects, wanted);
      for (const object of made) clean(object, by);
      return made;
    };
    return {
      async fromStorage(objects) {
        const foreign = objects.filter((object) => object.apiVersion !== apiVersion);
        const made = await asked(foreign.map(tidied), apiVersion, node);
        const answers = new Map(foreign.map((object, i) => [object, made[i] as KubeObject]));
        return objects.map((object) => answers.get(object) ?? convert(object));
      },
      async toStorage(object) {
        if (object.apiVersion === storedApiVersion) return object;
        const [made] = await asked([deepClone(object)], storedApiVersion, storedNode);
        return made as KubeObject;
      },
    };
  }
}

function clean(object: KubeObject, node: SchemaNode): void {
  prune(object, node);
  pruneNulls(object, node);
  try {
    coerceEmbedded(object as unknown as JsonObject, node, '', false);
  } catch {
    // stored before its schema asked for valid embedded metadata: shown as it is, refused at its next write
  }
}
