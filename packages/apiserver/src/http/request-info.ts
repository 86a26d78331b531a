import { errors, parseFieldSelector } from '@sampan/api';

/**
 * What a request asks for, read from method, path and query alone (apiserver pkg/endpoints/request/requestinfo.go).
 * Routing, authorization and metrics all read this one record.
 */
export interface RequestInfo {
  readonly isResource: boolean;
  /** Percent-decoded. */
  readonly path: string;
  /**
   * API verb for resources (`get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`,
   * `proxy`; '' for a method that has none), else the HTTP method in lower case.
   */
  readonly verb: string;
  /** '' for paths outside of the API. */
  readonly prefix: '' | 'api' | 'apis';
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  /** '' when the path names none; lists and watches take it from the field selector `metadata.name`. */
  readonly name: string;
  /** Path parts from the resource on: resource, name, subresource and whatever follows. */
  readonly parts: readonly string[];
  /** The deprecated `/api/v1/watch/…` or `/api/v1/proxy/…` form. */
  readonly verbByPath: boolean;
  /** As sent, of list, watch and deletecollection: authorizers may look at it. '' when absent. */
  readonly fieldSelector: string;
}

/** The part of URLSearchParams that is read here. */
export interface QueryReader {
  get(name: string): string | null;
}

const VERBS: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

const NO_PARTS: readonly string[] = [];

/**
 * Reads a request line. `path` is as sent (percent-encoded, without query). Throws BadRequest on a malformed
 * escape and on `/api/v1/watch` without anything behind it.
 */
export function parseRequest(method: string, path: string, query?: QueryReader | null): RequestInfo {
  const decoded = path.includes('%') ? decodePath(path) : path;
  const parts = splitPath(decoded);
  const prefix = parts[0];
  if (parts.length < 3 || (prefix !== 'api' && prefix !== 'apis')) return nonResource(method, decoded, '');
  if (prefix === 'apis' && parts.length < 4) return nonResource(method, decoded, prefix);
  return resourceRequest(method, decoded, prefix, parts, query ?? undefined);
}

function resourceRequest(
  method: string,
  path: string,
  prefix: 'api' | 'apis',
  parts: readonly string[],
  query: QueryReader | undefined,
): RequestInfo {
  const group = prefix === 'apis' ? (parts[1] ?? '') : '';
  let at = prefix === 'apis' ? 2 : 1;
  const version = parts[at++] ?? '';
  let verb = Object.hasOwn(VERBS, method) ? (VERBS[method] ?? '') : '';
  const verbByPath = parts[at] === 'watch' || parts[at] === 'proxy';
  if (verbByPath) {
    if (parts.length - at < 2) {
      throw errors.badRequest(`unable to determine kind and namespace from url, ${path}`);
    }
    verb = parts[at++] ?? '';
  }
  let namespace = '';
  if (parts[at] === 'namespaces' && parts.length > at + 1) {
    namespace = parts[at + 1] ?? '';
    // `status` and `finalize` are subresources of the namespace, all else is a resource within it
    const next = parts[at + 2];
    if (next !== undefined && next !== 'status' && next !== 'finalize') at += 2;
  }
  const own = parts.slice(at);
  let name = own[1] ?? '';
  const subresource = verb === 'proxy' ? '' : (own[2] ?? '');
  if (name === '') {
    if (verb === 'get') {
      verb = isWatch(query) ? 'watch' : 'list';
      name = selectedName(query);
    } else if (verb === 'delete') verb = 'deletecollection';
  }
  return {
    isResource: true,
    path,
    verb,
    prefix,
    group,
    version,
    resource: own[0] ?? '',
    subresource,
    namespace,
    name,
    parts: own,
    verbByPath,
    fieldSelector: selecting(verb) && !verbByPath ? (query?.get('fieldSelector') ?? '') : '',
  };
}

const selecting = (verb: string): boolean =>
  verb === 'list' || verb === 'watch' || verb === 'deletecollection';

function nonResource(method: string, path: string, prefix: '' | 'apis'): RequestInfo {
  return {
    isResource: false,
    path,
    verb: method.toLowerCase(),
    prefix,
    group: '',
    version: '',
    resource: '',
    subresource: '',
    namespace: '',
    name: '',
    parts: NO_PARTS,
    verbByPath: false,
    fieldSelector: '',
  };
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw errors.badRequest(`invalid URL escape in path ${JSON.stringify(path)}`);
  }
}

/** The parts between slashes; slashes at both ends do not count, doubled ones within give empty parts. */
function splitPath(path: string): string[] {
  let start = 0;
  let end = path.length;
  while (start < end && path.charCodeAt(start) === 47) start++;
  while (end > start && path.charCodeAt(end - 1) === 47) end--;
  return start === end ? [] : path.slice(start, end).split('/');
}

/** Query booleans: absent is false, `false` and `0` are false, everything else (also nothing) is true. */
function isWatch(query: QueryReader | undefined): boolean {
  const value = query?.get('watch') ?? null;
  if (value === null) return false;
  const lower = value.toLowerCase();
  return lower !== 'false' && lower !== '0';
}

/** The name that `fieldSelector=metadata.name=x` asks for, so that RBAC's resourceNames work on list and watch. */
function selectedName(query: QueryReader | undefined): string {
  const selector = query?.get('fieldSelector') ?? null;
  if (selector === null || !selector.includes('metadata.name')) return '';
  for (const name of ['limit', 'timeoutSeconds']) {
    // upstream forgets the selector when any option does not parse; the request then fails anyway
    const value = query?.get(name) ?? null;
    if (value !== null && value !== '' && !/^[+-]?\d+$/.test(value)) return '';
  }
  try {
    const name = parseFieldSelector(selector).exact('metadata.name') ?? '';
    return isPathSegment(name) ? name : '';
  } catch {
    // a malformed selector is refused where the list is made
    return '';
  }
}

function isPathSegment(name: string): boolean {
  return name !== '.' && name !== '..' && !name.includes('/') && !name.includes('%');
}
