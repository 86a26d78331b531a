import { errors, type KubeObject, type ResourceDefinition, StatusError } from '@sampan/api';
import { deepEqual } from '@sampan/base';
import { decodeValue } from '../registry/codec.ts';
import { internalContext } from '../registry/request-context.ts';
import type { ResourceTable } from '../registry/resource-table.ts';
import type { Question } from './admission-review.ts';
import { convertBetween } from './convert.ts';
import { setReplicas } from './subject.ts';

/**
 * Puts what somebody made of the object of a question into the object of the request: in its version, its defaults
 * filled. Resolves with whether that changed it.
 */
export async function takeOver(
  resources: ResourceTable,
  question: Question,
  patched: KubeObject,
): Promise<boolean> {
  const { request } = question;
  if (!request.object) return false;
  if (question.requestKind.kind === 'Scale' && request.definition.scale) {
    setReplicas(request.object, request.definition.scale.specReplicas, patched.spec?.replicas);
    return true;
  }
  const next = await decoded(resources, question, patched);
  if (deepEqual(next, request.object)) return false;
  replaceContent(request.object, next);
  return true;
}

/** The patched object in the version of the request, its defaults filled. */
async function decoded(
  resources: ResourceTable,
  { request, definition }: Question,
  patched: KubeObject,
): Promise<KubeObject> {
  const decode = ({ group, version, resource }: ResourceDefinition, value: KubeObject): KubeObject => {
    const served = resources.get(group, version, resource);
    if (!served) throw errors.internal(`${resource} is no longer served as ${version}`);
    // the body of a subresource is none of the resource's kind
    return value.kind === served.definition.kind ? decodeValue(served, value, internalContext('')) : value;
  };
  try {
    const shown = decode(definition, patched);
    if (definition === request.definition) return shown;
    return decode(request.definition, await convertBetween(resources, definition, request.definition, shown));
  } catch (error) {
    if (error instanceof StatusError && error.code < 500) throw errors.internal(error.message);
    throw error;
  }
}

/** Others hold the object itself: what it is made of changes. */
function replaceContent(object: KubeObject, next: KubeObject): void {
  for (const key of Object.keys(object)) if (!Object.hasOwn(next, key)) delete object[key];
  Object.assign(object, next);
}
