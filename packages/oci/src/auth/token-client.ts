import { OciError } from '../errors.ts';
import { readBody, type Transport } from '../http/transport.ts';
import { answerError } from '../registry/answer-error.ts';
import { basicHeader, type Credentials } from './credentials.ts';

/** What a challenge says of the token service. */
export interface TokenService {
  readonly realm: URL;
  readonly service: string | undefined;
}

export interface Token {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

const MAX_BYTES = 1 << 20;
/** What clients take for granted where nothing is said (distribution, "Token Authentication Specification"). */
const USUAL_SECONDS = 60;
/** Also answers that servers give which know only one of the two ways. */
const WRONG_WAY: ReadonlySet<number> = new Set([400, 404, 405]);
const CLIENT_ID = 'sampan';

/**
 * Asks a token service for a token: with a password by GET as Docker does, and by POST (OAuth 2) where that is not
 * known; with a refresh token by POST. Throws `oci-unauthorized`, `oci-unreachable`.
 */
export async function fetchToken(
  transport: Transport,
  service: TokenService,
  scopes: readonly string[],
  credentials: Credentials | undefined,
): Promise<Token> {
  if (credentials?.kind === 'refresh-token') return await post(transport, service, scopes, credentials);
  const url = new URL(service.realm);
  if (service.service !== undefined) url.searchParams.set('service', service.service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  const isPassword = credentials?.kind === 'password';
  const headers = isPassword ? { authorization: basicHeader(credentials.user, credentials.password) } : {};
  const answer = await transport.send({ method: 'GET', url, headers });
  const body = await readBody(answer, MAX_BYTES);
  if (isPassword && WRONG_WAY.has(answer.status)) return await post(transport, service, scopes, credentials);
  if (answer.status !== 200) throw answerError(answer, body, `the login at ${url.host}`);
  return parse(body);
}

async function post(
  transport: Transport,
  { realm, service }: TokenService,
  scopes: readonly string[],
  credentials: Exclude<Credentials, { kind: 'bearer' }>,
): Promise<Token> {
  const form = new URLSearchParams({
    client_id: CLIENT_ID,
    scope: scopes.join(' '),
    ...(service === undefined ? {} : { service }),
    ...(credentials.kind === 'password'
      ? { grant_type: 'password', username: credentials.user, password: credentials.password }
      : { grant_type: 'refresh_token', refresh_token: credentials.token }),
  });
  const body = Buffer.from(form.toString());
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': String(body.length),
  };
  const answer = await transport.send({ method: 'POST', url: realm, headers, body });
  const said = await readBody(answer, MAX_BYTES);
  if (answer.status !== 200) throw answerError(answer, said, `the login at ${realm.host}`);
  return parse(said);
}

function parse(body: Buffer): Token {
  try {
    const said = JSON.parse(body.toString()) as {
      token?: unknown;
      access_token?: unknown;
      expires_in?: unknown;
    };
    const token = said.token ?? said.access_token;
    if (typeof token !== 'string' || token === '') throw new Error('it has no token');
    const seconds = Number(said.expires_in ?? USUAL_SECONDS);
    return { token, expires: Date.now() + Math.max(USUAL_SECONDS, seconds || 0) * 1000 };
  } catch (cause) {
    throw new OciError('oci-refused', 'The token service answered with something else than a token.', {
      cause,
    });
  }
}
