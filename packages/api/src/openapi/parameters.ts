import type { Part } from './document.ts';

/** A parameter of an operation before it is written for v2 or v3. */
export interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path';
  readonly type: 'string' | 'integer' | 'boolean';
  readonly required?: boolean;
  readonly description?: string;
}

const query = (name: string, type: Parameter['type'], description?: string): Parameter => ({
  name,
  in: 'query',
  type,
  ...(description ? { description } : {}),
});

export const PRETTY = query(
  'pretty',
  'string',
  "If 'true', then the output is pretty printed. Defaults to 'false' unless the user-agent indicates a browser or command-line HTTP tool (curl and wget).",
);

export const NAMESPACE: Parameter = {
  name: 'namespace',
  in: 'path',
  type: 'string',
  required: true,
  description: 'object name and auth scope, such as for teams and projects',
};

export const nameOf = (kind: string): Parameter => ({
  name: 'name',
  in: 'path',
  type: 'string',
  required: true,
  description: `name of the ${kind}`,
});

export const PROXY_PATH: Parameter = {
  name: 'path',
  in: 'path',
  type: 'string',
  required: true,
  description: 'path to the resource',
};

const dryRun = query('dryRun', 'string');
const fieldManager = query('fieldManager', 'string');
const fieldValidation = query('fieldValidation', 'string');

const SELECT = [
  query('continue', 'string'),
  query('fieldSelector', 'string'),
  query('labelSelector', 'string'),
  query('limit', 'integer'),
  query('resourceVersion', 'string'),
  query('resourceVersionMatch', 'string'),
  query('sendInitialEvents', 'boolean'),
  query('timeoutSeconds', 'integer'),
];
const DELETE = [
  dryRun,
  query('gracePeriodSeconds', 'integer'),
  query('ignoreStoreReadErrorWithClusterBreakingPotential', 'boolean'),
  query('orphanDependents', 'boolean'),
  query('propagationPolicy', 'string'),
];
const LIST = [query('allowWatchBookmarks', 'boolean'), ...SELECT, query('watch', 'boolean')];
const WRITE = [dryRun, fieldManager, fieldValidation];

const byName = (list: readonly Parameter[]): Parameter[] =>
  [...list].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));

/** Query parameters by action (apimachinery meta/v1 options). */
export const OPTIONS: Readonly<Record<string, readonly Parameter[]>> = {
  list: byName(LIST),
  watch: byName(LIST),
  post: WRITE,
  put: WRITE,
  patch: [...WRITE, query('force', 'boolean')],
  delete: DELETE,
  deletecollection: byName([...SELECT, ...DELETE]),
};

export function parameterV3({ type, ...rest }: Parameter): Part {
  return { ...rest, schema: { type, uniqueItems: true } };
}

export function parameterV2(parameter: Parameter): Part {
  return { ...parameter, uniqueItems: true };
}

export function queryParameter(name: string, type: Parameter['type'], description?: string): Parameter {
  return query(name, type, description);
}
