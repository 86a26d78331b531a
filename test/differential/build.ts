/** Small builders for corpora. */
import { changed } from './change.ts';
import type { Body, Changes, Scenario, Step } from './step.ts';

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

/**
 * One dry-run create of `object` per case, each with its changes. For many small questions to one kind:
 * valid ones show defaults, invalid ones messages.
 */
export function variants(collection: string, object: Body, cases: Readonly<Record<string, Changes>>): Step[] {
  return Object.entries(cases).map(([name, changes]) =>
    post(name, `${collection}?dryRun=All`, changed(object, changes)),
  );
}

/** One dry-run update per case, each of the object that an earlier step kept as `kept`, with its changes. */
export function updates(path: string, kept: string, cases: Readonly<Record<string, Changes>>): Step[] {
  return Object.entries(cases).map(([name, changes]) => ({
    name: `update: ${name}`,
    method: 'PUT',
    path: `${path}?dryRun=All`,
    change: { object: kept, changes },
  }));
}

export const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
export const PARTIAL = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json';
export const PARTIAL_LIST =
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json';

/** What `kindScenario` asks about one kind. */
export interface KindQuestions {
  readonly name: string;
  readonly spelled?: Scenario['spelled'];
  /** Steps before, such as a namespace. */
  readonly before?: readonly Step[];
  readonly collection: string;
  /** A small valid object; it is stored for the updates. */
  readonly object: Body & { readonly metadata: { readonly name: string; readonly labels?: object } };
  /** See `variants`; each starts from `object`. */
  readonly cases: Readonly<Record<string, Changes>>;
  /** See `updates`. */
  readonly updates?: Readonly<Record<string, Changes>>;
  /** A status to put on the status subresource. */
  readonly status?: Body;
  readonly after?: readonly Step[];
}

/** Create, defaults and errors by dry runs, read in all forms, update, status, delete: the same for every kind. */
export function kindScenario(questions: KindQuestions): Scenario {
  const { name, spelled, before = [], collection, object, cases, status, after = [] } = questions;
  const path = `${collection}/${object.metadata.name}`;
  const unchanged = { 'nothing new': {}, ...questions.updates };
  const statusSteps = status
    ? [
        {
          name: 'put status',
          method: 'PUT' as const,
          path: `${path}/status`,
          change: { object: 'object', changes: { status } },
        },
        patch('patch status leaves the rest', 'merge', `${path}/status`, {
          spec: null,
          metadata: { labels: { s: '1' } },
          status,
        }),
        get('get status', `${path}/status`),
      ]
    : [];
  return {
    name,
    ...(spelled && { spelled }),
    steps: [
      ...before,
      ...variants(collection, object, cases),
      post('create', collection, object),
      get('get', path),
      get('get as a Table', path, { headers: { accept: TABLE }, ignore: IN_TABLES }),
      patch('label', 'merge', path, { metadata: { labels: { changed: 'yes' } } }, { keep: 'object' }),
      ...updates(path, 'object', unchanged),
      ...statusSteps,
      ...after,
      remove('delete', path),
    ],
  };
}

/** Column descriptions come from field descriptions, whose words change; ages are relative. */
export const IN_TABLES = ['/body/columnDefinitions/*/description'];
