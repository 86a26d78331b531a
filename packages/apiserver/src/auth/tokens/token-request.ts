import { randomUUID } from 'node:crypto';
import { errors, goQuote, invalid, type KubeObject, parseApiVersion, tokenRequestRules } from '@sampan/api';
import type { Clock } from '@sampan/base';
import type { ObjectReader } from '@sampan/machinery';
import { serviceAccountUser } from '../users.ts';
import type { SigningKeys } from './signing-keys.ts';

export interface TokenIssuer {
  readonly reader: ObjectReader;
  readonly keys: SigningKeys;
  readonly issuer: string;
  /** Of the API server; a request without audiences gets them. */
  readonly audiences: readonly string[];
  readonly clock: Clock;
  /** Longest validity in seconds; longer requests are shortened with a warning. Default: no limit. */
  readonly maxExpirationSeconds?: number;
}

/** authentication.k8s.io/v1 TokenRequest. */
export interface TokenRequest extends KubeObject {
  spec?: {
    audiences?: string[];
    expirationSeconds?: number;
    boundObjectRef?: { kind?: string; apiVersion?: string; name?: string; uid?: string } | null;
  };
}

const KIND = { group: 'authentication.k8s.io', kind: 'TokenRequest' };
const DEFAULT_SECONDS = 3600;
/** What the kubelet asks for old clients that never read their token again: such tokens live for a year, with a warning. */
const EXTENDED_REQUEST_SECONDS = 3607;
const EXTENSION_SECONDS = 365 * 24 * 3600;

/** The objects a token names. */
interface Bound {
  readonly pod?: Reference;
  readonly secret?: Reference;
  readonly node?: Reference;
}
interface Reference {
  readonly name: string;
  readonly uid?: string;
}

/**
 * Serves `serviceaccounts/NAME/token` (kubernetes pkg/registry/core/serviceaccount/storage/token.go): the request
 * with its status. Throws NotFound, Invalid, BadRequest, Conflict. `warn` gets what goes into a Warning header.
 */
export function issueServiceAccountToken(
  issuer: TokenIssuer,
  target: { readonly namespace: string; readonly name: string },
  request: TokenRequest,
  warn: (text: string) => void = () => {},
): TokenRequest {
  checkTarget(request, target);
  const account = issuer.reader.get('serviceaccounts', target.namespace, target.name);
  if (!account) throw errors.notFound({ group: '', resource: 'serviceaccounts' }, target.name);
  const spec = request.spec ?? {};
  const audiences = spec.audiences && spec.audiences.length > 0 ? spec.audiences : [...issuer.audiences];
  let seconds = spec.expirationSeconds ?? DEFAULT_SECONDS;
  const list =
    tokenRequestRules.validate?.(
      { ...request, spec: { expirationSeconds: seconds } },
      { now: issuer.clock.now() },
    ) ?? [];
  if (list.length > 0) throw errors.invalid(KIND, '', list);
  const bound = bind(issuer.reader, target, spec.boundObjectRef ?? undefined);
  const longest = issuer.maxExpirationSeconds ?? 0;
  if (longest > 0 && seconds > longest) {
    warn(`requested expiration of ${seconds} seconds shortened to ${longest} seconds`);
    seconds = longest;
  }
  const now = issuer.clock.now();
  const extended =
    bound.pod !== undefined &&
    seconds === EXTENDED_REQUEST_SECONDS &&
    sameAudiences(audiences, issuer.audiences);
  const token = issuer.keys.sign(claims(issuer, target, account, bound, audiences, now, seconds, extended));
  return {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: {
      ...request.metadata,
      name: target.name,
      namespace: target.namespace,
      creationTimestamp: timestamp(now),
    },
    spec: { audiences, expirationSeconds: seconds, boundObjectRef: spec.boundObjectRef ?? null },
    status: { token, expirationTimestamp: timestamp(now + seconds * 1000) },
  };
}

/** Members sorted by name, as upstream's encoder leaves them. */
function claims(
  issuer: TokenIssuer,
  target: { namespace: string; name: string },
  account: KubeObject,
  bound: Bound,
  audiences: readonly string[],
  nowMs: number,
  seconds: number,
  extended: boolean,
): Record<string, unknown> {
  const now = Math.floor(nowMs / 1000);
  return {
    aud: audiences,
    exp: now + (extended ? EXTENSION_SECONDS : seconds),
    iat: now,
    iss: issuer.issuer,
    jti: randomUUID(),
    'kubernetes.io': {
      namespace: target.namespace,
      ...(bound.node ? { node: bound.node } : {}),
      ...(bound.pod ? { pod: bound.pod } : {}),
      ...(bound.secret ? { secret: bound.secret } : {}),
      serviceaccount: { name: target.name, uid: account.metadata.uid ?? '' },
      ...(extended ? { warnafter: now + seconds } : {}),
    },
    nbf: now,
    sub: serviceAccountUser(target.namespace, target.name),
  };
}

function checkTarget(request: TokenRequest, target: { namespace: string; name: string }): void {
  const { name, namespace } = request.metadata ?? {};
  if (name && name !== target.name) {
    throw errors.invalid(KIND, target.name, [
      invalid('metadata.name', name, 'must match the service account name if specified'),
    ]);
  }
  if (namespace && namespace !== target.namespace) {
    throw errors.invalid(KIND, target.name, [
      invalid('metadata.namespace', namespace, 'must match the service account namespace if specified'),
    ]);
  }
}

function bind(
  reader: ObjectReader,
  target: { namespace: string; name: string },
  ref: { kind?: string; apiVersion?: string; name?: string; uid?: string } | undefined,
): Bound {
  if (!ref) return {};
  const { group, version } = parseApiVersion(ref.apiVersion ?? '');
  const kind = ref.kind ?? '';
  if (group !== '' || !Object.hasOwn(BINDERS, kind)) {
    throw errors.badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind}`);
  }
  const { collection, namespaced } = BINDERS[kind as keyof typeof BINDERS];
  const object = reader.get(collection, namespaced ? target.namespace : '', ref.name ?? '');
  if (!object) throw errors.notFound({ group: '', resource: collection }, ref.name ?? '');
  if (kind === 'Pod' && object.spec?.serviceAccountName !== target.name) {
    throw errors.badRequest(
      `cannot bind token for serviceaccount ${goQuote(target.name)} to pod running with different serviceaccount name.`,
    );
  }
  if (ref.uid && object.metadata.uid !== ref.uid) {
    throw errors.conflict(
      { group: '', resource: kind },
      ref.name ?? '',
      `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  const reference = referenceTo(object);
  if (kind === 'Secret') return { secret: reference };
  if (kind === 'Node') return { node: reference };
  return { pod: reference, ...nodeOf(reader, object) };
}

const BINDERS = {
  Pod: { collection: 'pods', namespaced: true },
  Secret: { collection: 'secrets', namespaced: true },
  Node: { collection: 'nodes', namespaced: false },
} as const;

/** A token of a pod also tells its node; a node that is not there yet by its name alone. */
function nodeOf(reader: ObjectReader, pod: KubeObject): Bound {
  const name: unknown = pod.spec?.nodeName;
  if (typeof name !== 'string' || name === '') return {};
  const node = reader.get('nodes', '', name);
  return { node: node ? referenceTo(node) : { name } };
}

const referenceTo = (object: KubeObject): Reference => ({
  name: object.metadata.name ?? '',
  uid: object.metadata.uid ?? '',
});

const sameAudiences = (a: readonly string[], b: readonly string[]): boolean =>
  a.every((audience) => b.includes(audience)) && b.every((audience) => a.includes(audience));

const timestamp = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
