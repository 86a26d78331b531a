import { errors, goQuote, isDomainPrefixedPath, StatusError } from '@sampan/api';
import type { Attributes, Authorizer, UserInfo } from './contract.ts';
import { forbiddenError } from './forbidden.ts';
import { EXTRA, GROUP, nodeOfUser, serviceAccountGroups, splitServiceAccountUser, USER } from './users.ts';

/** What the `Impersonate-*` headers ask for, as it stands there. */
export interface Impersonation {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  /** By key, in order of the headers; keys are lower-case and percent-decoded. */
  readonly extra: ReadonlyMap<string, readonly string[]>;
}

const PREFIX = 'impersonate-';
const EXTRA_PREFIX = 'impersonate-extra-';
/** Each value costs an authorization: more is an attack or a mistake. */
const MOST_VALUES = 1000;

/**
 * Reads the headers of a request (`rawHeaders` of Node: names and values by turns, repeated headers apart).
 * Undefined, and quick, when there are none. Throws BadRequest on groups, uid or extra without a user.
 */
export function readImpersonation(rawHeaders: readonly string[]): Impersonation | undefined {
  let found:
    | { name: string; uid: string; groups: string[]; extra: Map<string, string[]>; count: number }
    | undefined;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const header = rawHeaders[i] ?? '';
    const first = header.charCodeAt(0) | 0x20;
    if (first !== 0x69 || header.length < PREFIX.length) continue;
    const name = header.toLowerCase();
    if (!name.startsWith(PREFIX)) continue;
    found ??= { name: '', uid: '', groups: [], extra: new Map(), count: 0 };
    if (++found.count > MOST_VALUES) throw errors.badRequest('too many impersonation headers');
    const value = rawHeaders[i + 1] ?? '';
    if (name === 'impersonate-user') found.name ||= value;
    else if (name === 'impersonate-uid') found.uid ||= value;
    else if (name === 'impersonate-group') found.groups.push(value);
    else if (name.startsWith(EXTRA_PREFIX)) addExtra(found.extra, name.slice(EXTRA_PREFIX.length), value);
  }
  if (!found) return undefined;
  if (found.name !== '') return found;
  if (found.uid === '' && found.groups.length === 0 && found.extra.size === 0) return undefined;
  throw errors.badRequest(`requested ${describe(found)} without impersonating a user name`);
}

function addExtra(extra: Map<string, string[]>, encodedKey: string, value: string): void {
  let key = encodedKey;
  try {
    key = decodeURIComponent(encodedKey);
  } catch {
    // malformed escapes stay as they are
  }
  const values = extra.get(key);
  if (values) values.push(value);
  else extra.set(key, [value]);
}

/** Go's %#v of the user that upstream's message shows. */
function describe({ name, uid, groups, extra }: Impersonation): string {
  const list = (values: readonly string[]): string => `[]string{${values.map(goQuote).join(', ')}}`;
  const allGroups = groups.length === 0 ? '[]string(nil)' : list(groups);
  const allExtra =
    extra.size === 0
      ? 'map[string][]string(nil)'
      : `map[string][]string{${[...extra]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, values]) => `${goQuote(key)}:${list(values)}`)
          .join(', ')}}`;
  return `&user.DefaultInfo{Name:${goQuote(name)}, UID:${goQuote(uid)}, Groups:${allGroups}, Extra:${allExtra}}`;
}

/**
 * The user to act as, when the requestor may (Kubernetes docs "User Impersonation", and KEP-5284 for the modes
 * that are narrower than the verb `impersonate`). Throws Forbidden with the first thing that plain impersonation
 * lacks. `request` are the attributes of the request itself, by its requestor.
 */
export function impersonate(wanted: Impersonation, request: Attributes, authorizer: Authorizer): UserInfo {
  for (const mode of MODES) {
    if (!mode.applies(wanted, request.user)) continue;
    const user = constrained(mode, wanted, request, authorizer);
    if (user) return user;
  }
  return impersonateAny(wanted, request.user, authorizer);
}

const CORE = { group: '', version: 'v1' };
const AUTHENTICATION = { group: 'authentication.k8s.io', version: 'v1' };

/** Plain impersonation: the verb `impersonate` on each part, for any request. */
function impersonateAny(wanted: Impersonation, requestor: UserInfo, authorizer: Authorizer): UserInfo {
  const ask = { requestor, authorizer, verb: 'impersonate' };
  const account = splitServiceAccountUser(wanted.name);
  if (account) check(ask, CORE, 'serviceaccounts', account.name, account.namespace);
  else check(ask, CORE, 'users', wanted.name);
  if (wanted.uid !== '') check(ask, AUTHENTICATION, 'uids', wanted.uid);
  for (const group of wanted.groups) check(ask, CORE, 'groups', group);
  for (const [key, values] of wanted.extra)
    for (const value of values) check(ask, AUTHENTICATION, 'userextras', value, '', key);
  return userOf(
    wanted,
    account && wanted.groups.length === 0 ? serviceAccountGroups(account.namespace) : wanted.groups,
  );
}

interface Mode {
  readonly name: string;
  applies(wanted: Impersonation, requestor: UserInfo): boolean;
}

const onlyName = ({ uid, groups, extra }: Impersonation): boolean =>
  uid === '' && groups.length === 0 && extra.size === 0;

const MODES: readonly Mode[] = [
  {
    name: 'associated-node',
    applies(wanted, requestor) {
      const node = onlyName(wanted) ? nodeOfUser(wanted.name) : undefined;
      const own = requestor.extra?.[EXTRA.nodeName] ?? [];
      return (
        node !== undefined &&
        splitServiceAccountUser(requestor.name) !== undefined &&
        own.length === 1 &&
        own[0] === node
      );
    },
  },
  { name: 'arbitrary-node', applies: (wanted) => onlyName(wanted) && nodeOfUser(wanted.name) !== undefined },
  {
    name: 'serviceaccount',
    applies: (wanted) => onlyName(wanted) && splitServiceAccountUser(wanted.name) !== undefined,
  },
  {
    name: 'user-info',
    applies: (wanted) =>
      nodeOfUser(wanted.name) === undefined && splitServiceAccountUser(wanted.name) === undefined,
  },
];

/** Needs `impersonate-on:MODE:VERB` on what is requested and `impersonate:MODE` on who is impersonated. */
function constrained(
  mode: Mode,
  wanted: Impersonation,
  request: Attributes,
  authorizer: Authorizer,
): UserInfo | undefined {
  const onRequest = { ...request, verb: `impersonate-on:${mode.name}:${request.verb}` };
  if (!authorizer.authorize(onRequest).allowed) return undefined;
  const ask = { requestor: request.user, authorizer, verb: `impersonate:${mode.name}` };
  try {
    return checkConstrained(mode, ask, wanted);
  } catch (error) {
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}

function checkConstrained(mode: Mode, ask: Ask, wanted: Impersonation): UserInfo | undefined {
  const node = nodeOfUser(wanted.name);
  const account = splitServiceAccountUser(wanted.name);
  if (node !== undefined) {
    check(ask, AUTHENTICATION, 'nodes', mode.name === 'associated-node' ? '*' : node);
    return userOf(wanted, [GROUP.nodes]);
  }
  if (account) {
    check(ask, AUTHENTICATION, 'serviceaccounts', account.name, account.namespace);
    return userOf(wanted, serviceAccountGroups(account.namespace));
  }
  if (wanted.groups.includes('') || wanted.groups.includes(GROUP.masters)) return undefined;
  if (![...wanted.extra].every(([key, values]) => isCleanExtra(key, values))) return undefined;
  check(ask, AUTHENTICATION, 'users', wanted.name);
  if (wanted.uid !== '') check(ask, AUTHENTICATION, 'uids', wanted.uid);
  for (const group of wanted.groups) check(ask, AUTHENTICATION, 'groups', group);
  for (const [key, values] of wanted.extra)
    for (const value of values) check(ask, AUTHENTICATION, 'userextras', value, '', key);
  return userOf(wanted, wanted.groups);
}

const isCleanExtra = (key: string, values: readonly string[]): boolean =>
  key !== '' &&
  key === key.toLowerCase() &&
  isDomainPrefixedPath('extra.key', key).length === 0 &&
  !values.includes('');

interface Ask {
  readonly requestor: UserInfo;
  readonly authorizer: Authorizer;
  readonly verb: string;
}

/** Throws Forbidden. */
function check(
  ask: Ask,
  api: { group: string; version: string },
  resource: string,
  name: string,
  namespace = '',
  subresource = '',
): void {
  const attributes: Attributes = {
    user: ask.requestor,
    verb: ask.verb,
    isResource: true,
    ...api,
    resource,
    subresource,
    namespace,
    name,
    path: '',
  };
  const decision = ask.authorizer.authorize(attributes);
  if (!decision.allowed) throw forbiddenError(attributes, decision.reason);
}

function userOf(wanted: Impersonation, groups: readonly string[]): UserInfo {
  const extra: Record<string, readonly string[]> = Object.fromEntries(wanted.extra);
  return {
    name: wanted.name,
    groups: withDefaultGroup(wanted.name, groups),
    ...(wanted.uid === '' ? {} : { uid: wanted.uid }),
    ...(wanted.extra.size === 0 ? {} : { extra }),
  };
}

/** Everyone but the anonymous is authenticated, unless the headers say otherwise. */
function withDefaultGroup(name: string, groups: readonly string[]): readonly string[] {
  if (name === USER.anonymous)
    return groups.includes(GROUP.unauthenticated) ? groups : [...groups, GROUP.unauthenticated];
  return groups.includes(GROUP.unauthenticated) || groups.includes(GROUP.authenticated)
    ? groups
    : [...groups, GROUP.authenticated];
}
