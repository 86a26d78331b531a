/** Small builders for corpora. */
import type { Body, Step } from './step.ts';

/** A prepared namespace. */
export function namespace(name: string, labels?: Record<string, string>): Step {
  return {
    name: `namespace ${name}`,
    method: 'POST',
    path: '/api/v1/namespaces',
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name, ...(labels && { labels }) } },
    prepare: true,
  };
}

/** The `default` ServiceAccount, which no controller makes at the oracle. */
export function serviceAccount(namespaceName: string, name = 'default'): Step {
  return {
    name: `service account ${name}`,
    method: 'POST',
    path: `/api/v1/namespaces/${namespaceName}/serviceaccounts`,
    body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } },
    prepare: true,
  };
}

type Rest = Omit<Step, 'name' | 'method' | 'path'>;

export const get = (name: string, path: string, rest: Rest = {}): Step => ({
  name,
  method: 'GET',
  path,
  ...rest,
});
export const post = (name: string, path: string, body: Body, rest: Rest = {}): Step => ({
  name,
  method: 'POST',
  path,
  body,
  ...rest,
});
export const put = (name: string, path: string, body: Body, rest: Rest = {}): Step => ({
  name,
  method: 'PUT',
  path,
  body,
  ...rest,
});
export const remove = (name: string, path: string, body?: Body, rest: Rest = {}): Step => ({
  name,
  method: 'DELETE',
  path,
  ...(body && { body }),
  ...rest,
});

/** The four kinds of patch. */
export const PATCH = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

export const patch = (
  name: string,
  type: keyof typeof PATCH,
  path: string,
  body: Body,
  rest: Rest = {},
): Step => ({ name, method: 'PATCH', path, body, type: PATCH[type], ...rest });

/** Changes to an object: path with `/` between parts (`~1` for a slash in a part) → value; undefined removes. */
export type Changes = Readonly<Record<string, unknown>>;

/** A copy of `object` with `changes` made. Missing objects on the way are made; list items by index. */
export function changed(object: Body, changes: Changes): Body {
  const copy = structuredClone(object) as Record<string, unknown>;
  for (const [path, value] of Object.entries(changes)) setAt(copy, path, value);
  return copy;
}

function setAt(object: Record<string, unknown>, path: string, value: unknown): void {
  const parts = path.split('/').map((part) => part.replaceAll('~1', '/'));
  const last = parts.pop() ?? '';
  let at = object;
  for (const part of parts) {
    at[part] ??= {};
    at = at[part] as Record<string, unknown>;
  }
  if (value === undefined) delete at[last];
  else at[last] = value;
}

/**
 * One dry-run create of `object` per case, each with its changes. For many small questions to one kind:
 * valid ones show defaults, invalid ones messages.
 */
export function variants(collection: string, object: Body, cases: Readonly<Record<string, Changes>>): Step[] {
  return Object.entries(cases).map(([name, changes]) =>
    post(name, `${collection}?dryRun=All`, changed(object, changes)),
  );
}

/** Like `variants` for updates of one stored object, e.g. to fields that must not change. */
export function updates(path: string, object: Body, cases: Readonly<Record<string, Changes>>): Step[] {
  return Object.entries(cases).map(([name, changes]) =>
    put(name, `${path}?dryRun=All`, changed(object, changes)),
  );
}

export const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
export const PARTIAL = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json';
export const PARTIAL_LIST = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json';
