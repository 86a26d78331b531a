import {
  checkVersionKind,
  decodeObject,
  decodeParsed,
  decodeProtobuf,
  type ExpectedKind,
  type KubeObject,
  PROTOBUF_TYPE,
  parseFor,
  type StructType,
  type SubresourceDefinition,
  schemaOf,
} from '@sampan/api';
import type { JsonObject } from '@sampan/base';
import type { RequestContext } from '../registry/request-context.ts';
import type { ServedResource } from '../registry/served-resource.ts';

/** Other versions of a body that are taken too: clients before policy/v1 had evictions evict by the beta. */
const ALSO: Readonly<Record<string, readonly string[]>> = { 'policy/v1/Eviction': ['v1beta1'] };

const cache = new WeakMap<SubresourceDefinition, readonly ExpectedKind[]>();

/** The kinds that a subresource's body may have; the first is what a body without a version is taken for. */
export function bodyKindsOf(
  resource: ServedResource,
  definition: SubresourceDefinition,
): readonly ExpectedKind[] {
  let kinds = cache.get(definition);
  if (!kinds) {
    kinds = resolve(resource, definition);
    cache.set(definition, kinds);
  }
  return kinds;
}

function resolve(resource: ServedResource, definition: SubresourceDefinition): readonly ExpectedKind[] {
  const group = definition.group ?? resource.definition.group;
  const version = definition.version ?? resource.definition.version;
  const { kind } = definition;
  const versions = [version, ...(ALSO[`${group}/${version}/${kind}`] ?? [])];
  return versions.map((each) => ({
    group,
    version: each,
    kind,
    schema: schemaOf(`io.k8s.api.${packageOf(group)}.${each}.${kind}`) as StructType,
  }));
}

/** `policy` of `policy`, `authentication` of `authentication.k8s.io`, `core` of ''. */
const packageOf = (group: string): string => (group === '' ? 'core' : (group.split('.', 1)[0] ?? group));

/** Decodes the body of a create on a subresource; throws BadRequest and UnsupportedMediaType. */
export function decodeSubresourceBody(
  kinds: readonly ExpectedKind[],
  bytes: Uint8Array,
  contentType: string,
  context: RequestContext,
): KubeObject {
  const [first] = kinds;
  if (!first) throw new Error('a subresource without a kind');
  if (contentType.startsWith(PROTOBUF_TYPE)) {
    const value = decodeProtobuf(bytes, first.kind, first.schema) as JsonObject;
    const expected = choose(kinds, first, value);
    checkVersionKind(value, expected, bytes);
    return decodeObject(value, expected).object;
  }
  const parsed = parseFor(bytes, contentType, first.kind);
  const expected = choose(kinds, first, parsed.value);
  checkVersionKind(parsed.value, expected, bytes);
  const { object, warnings } = decodeParsed(parsed, expected, context.fieldValidation);
  for (const text of warnings) context.warn(text);
  return object;
}

function choose(
  kinds: readonly ExpectedKind[],
  first: ExpectedKind,
  value: Readonly<Record<string, unknown>>,
): ExpectedKind {
  return kinds.find(({ group, version }) => value.apiVersion === `${group}/${version}`) ?? first;
}
