import { timingSafeEqual } from 'node:crypto';
import { isBootstrapTokenExpired, type KubeObject } from '@sampan/api';
import type { Clock } from '@sampan/base';
import type { ObjectReader } from '@sampan/machinery';
import { GROUP } from '../users.ts';
import type { AuthenticatedToken, TokenAuthenticator } from './token-authenticator.ts';

const TOKEN = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const GROUP_NAME = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;
const SECRET_TYPE = 'bootstrap.kubernetes.io/token';

/**
 * Tokens with which nodes introduce themselves (Kubernetes docs "Authenticating with Bootstrap Tokens"): Secrets
 * `bootstrap-token-ID` in kube-system. Anything amiss makes the token unknown rather than wrong, as upstream.
 */
export class BootstrapTokens implements TokenAuthenticator {
  readonly #reader: ObjectReader;
  readonly #clock: Clock;
  readonly #audiences: readonly string[];

  /** `audiences`: of this API server; a bootstrap token holds for those only. */
  constructor(reader: ObjectReader, clock: Clock, audiences: readonly string[]) {
    this.#reader = reader;
    this.#clock = clock;
    this.#audiences = audiences;
  }

  authenticateToken(token: string, wanted: readonly string[]): AuthenticatedToken | undefined {
    const [, id = '', password = ''] = TOKEN.exec(token) ?? [];
    if (id === '') return undefined;
    const secret = this.#reader.get('secrets', 'kube-system', `bootstrap-token-${id}`);
    if (!secret || secret.type !== SECRET_TYPE || secret.metadata.deletionTimestamp) return undefined;
    if (!sameText(secretText(secret, 'token-secret'), password) || secretText(secret, 'token-id') !== id)
      return undefined;
    if (isBootstrapTokenExpired(secretText(secret, 'expiration'), this.#clock.now())) return undefined;
    if (secretText(secret, 'usage-bootstrap-authentication') !== 'true') return undefined;
    const groups = groupsOf(secretText(secret, 'auth-extra-groups'));
    const audiences = this.#audiences.filter((audience) => wanted.includes(audience));
    if (!groups || audiences.length === 0) return undefined;
    return { user: { name: `system:bootstrap:${id}`, groups }, audiences };
  }
}

/** The text behind a Secret's base64; '' when there is none. */
function secretText(secret: KubeObject, key: string): string {
  const data: unknown = secret.data;
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, key)) return '';
  const value = (data as Record<string, unknown>)[key];
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : '';
}

/** In time that tells nothing of how much was right. */
function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

function groupsOf(extra: string): string[] | undefined {
  if (extra === '') return [GROUP.bootstrappers];
  const groups = extra.split(',');
  return groups.every((group) => GROUP_NAME.test(group))
    ? [...new Set([GROUP.bootstrappers, ...groups])].sort()
    : undefined;
}
