import type { ListOptions, ResourceRef } from '../client.ts';

const part = encodeURIComponent;

/** The path of a collection (without a name) or of an object and what lies below it. */
export function pathOf(ref: ResourceRef, namespace?: string, name?: string, subresource?: string): string {
  const root =
    ref.group === '' ? `/api/${part(ref.version)}` : `/apis/${part(ref.group)}/${part(ref.version)}`;
  const place = ref.namespaced && namespace ? `/namespaces/${part(namespace)}` : '';
  const object = name === undefined ? '' : `/${part(name)}`;
  const below = subresource ? `/${subresource.split('/').map(part).join('/')}` : '';
  return `${root}${place}/${part(ref.resource)}${object}${below}`;
}

/** A query string with its `?`; '' when all values are undefined or empty. */
export function queryOf(values: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    if (value !== undefined && value !== '') query.set(key, String(value));
  }
  return query.size === 0 ? '' : `?${query}`;
}

export const selectorsOf = ({ labelSelector, fieldSelector }: ListOptions) => ({
  labelSelector,
  fieldSelector,
});
