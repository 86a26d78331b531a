import { errors, type GroupResource, type StatusError } from '@sampan/api';
import type { AdmissionRequest } from './contract.ts';

export const resourceOf = ({ definition }: Pick<AdmissionRequest, 'definition'>): GroupResource => ({
  group: definition.group,
  resource: definition.resource,
});

/** apiserver pkg/admission NewForbidden: an object without a name yet is called by what its name will start with. */
export function forbid(request: AdmissionRequest, text: string): StatusError {
  const meta = request.object?.metadata ?? request.old?.metadata;
  const name = request.name || meta?.name || meta?.generateName || 'Unknown';
  return errors.forbidden(resourceOf(request), name, text);
}

type Asked = Pick<AdmissionRequest, 'operation' | 'definition' | 'subresource'>;

/** A test of what `handles` may look at: `on('pods', 'CREATE')` is the creation of pods themselves. */
export function on(
  collection: string,
  operations: string,
  subresources: readonly string[] = [''],
): (asked: Asked) => boolean {
  const known = new Set(operations.split(' '));
  const [resource, ...group] = collection.split('.');
  return ({ operation, definition, subresource }) =>
    known.has(operation) &&
    subresources.includes(subresource) &&
    definition.resource === resource &&
    definition.group === group.join('.');
}

/** Go's errors as upstream joins them: one plain, several deduplicated in brackets (utilerrors.Aggregate). */
export function aggregate(messages: readonly string[]): string {
  const unique = [...new Set(messages)];
  return unique.length === 1 ? (unique[0] ?? '') : `[${unique.join(', ')}]`;
}
