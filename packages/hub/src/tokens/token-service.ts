import type { Clock } from '@sampan/base';
import { type HubRequest, type HubResponse, json } from '../api/message.ts';
import type { Account } from '../projects/account.ts';
import { type Directory, grant } from '../projects/directory.ts';
import { authenticate } from './authenticate.ts';
import { readForm } from './form.ts';
import { parseScopes } from './scope.ts';
import type { TokenKeys } from './token-keys.ts';

/** Clients take 60 seconds for granted where nothing is said, and ask anew well before the end. */
const ACCESS_SECONDS = 15 * 60;
const REFRESH_SECONDS = 30 * 24 * 60 * 60;

interface TokenServiceOptions {
  readonly keys: TokenKeys;
  readonly directory: Directory;
  readonly clock: Clock;
}

interface Asked {
  readonly account: Account | undefined;
  readonly scopes: readonly string[];
  readonly service: string | null;
  /** Whether a refresh token is wanted. */
  readonly refresh: boolean;
}

/** Why no token is given: RFC 6749, section 5.2. */
class TokenRefusal {
  readonly status: number;
  readonly error: string;
  readonly description: string;

  constructor(status: number, error: string, description: string) {
    this.status = status;
    this.error = error;
    this.description = description;
  }
}

const wrongPassword = () => new TokenRefusal(401, 'invalid_grant', 'incorrect username or password');

/**
 * Gives tokens: GET with Basic credentials or none (Docker, containers/image), POST as OAuth 2 (containerd) with
 * `grant_type` `password` or `refresh_token`. The token grants of what is asked what the account may, perhaps nothing.
 */
export class TokenService {
  readonly #options: TokenServiceOptions;

  constructor(options: TokenServiceOptions) {
    this.#options = options;
  }

  async handle(request: HubRequest): Promise<HubResponse> {
    try {
      if (request.method === 'GET') return await this.#give(await this.#readGet(request));
      if (request.method === 'POST') return await this.#give(await this.#readPost(request));
      return json(405, { error: 'invalid_request' }, { allow: 'GET, POST' });
    } catch (thrown) {
      if (!(thrown instanceof TokenRefusal)) throw thrown;
      const { status, error, description } = thrown;
      const challenge = status === 401 ? { 'www-authenticate': 'Basic realm="Sampan Hub"' } : {};
      // `errors` is what Docker prints, `error` what OAuth 2 clients read
      const errors = [{ code: 'UNAUTHORIZED', message: description }];
      return json(status, { error, error_description: description, errors }, challenge);
    }
  }

  async #readGet(request: HubRequest): Promise<Asked> {
    const query = new URL(request.url, 'http://hub').searchParams;
    const refresh = query.get('offline_token') === 'true';
    const common = { scopes: query.getAll('scope'), service: query.get('service'), refresh };
    const account = await authenticate(this.#options.directory, request);
    if (account === 'refused') throw wrongPassword();
    return { ...common, account: account === 'anonymous' ? undefined : account };
  }

  async #readPost(request: HubRequest): Promise<Asked> {
    const form = await readForm(request.body);
    if (!form) throw new TokenRefusal(400, 'invalid_request', 'the form is too long');
    const common = {
      scopes: form.getAll('scope'),
      service: form.get('service'),
      refresh: form.get('access_type') === 'offline',
    };
    switch (form.get('grant_type')) {
      case 'password':
        return {
          ...common,
          account: await this.#authenticate(form, request),
        };
      case 'refresh_token':
        return { ...common, account: await this.#refresh(form.get('refresh_token') ?? '') };
      default:
        throw new TokenRefusal(400, 'unsupported_grant_type', 'grant_type is password or refresh_token');
    }
  }

  async #authenticate(form: URLSearchParams, { origin }: HubRequest): Promise<Account> {
    const [name, password] = [form.get('username') ?? '', form.get('password') ?? ''];
    const account = await this.#options.directory.authenticate(name, password, origin);
    if (!account) throw wrongPassword();
    return account;
  }

  async #refresh(text: string): Promise<Account> {
    const { keys, directory, clock } = this.#options;
    const token = await keys.check(text, 'refresh', clock.now());
    const account = token && directory.account(token.subject);
    if (!account || token.claims.stamp !== account.stamp) {
      throw new TokenRefusal(401, 'invalid_grant', 'the refresh token is not valid any more: log in again');
    }
    return account;
  }

  async #give({ account, scopes, service, refresh }: Asked): Promise<HubResponse> {
    const { keys, directory, clock } = this.#options;
    if (service !== null && service !== keys.service) {
      throw new TokenRefusal(400, 'invalid_request', `this service is ${keys.service}`);
    }
    const access = parseScopes(scopes)
      .map((asked) => grant(directory, account, asked))
      .filter(({ actions }) => actions.length > 0);
    const subject = account?.name ?? '';
    const seconds = Math.min(ACCESS_SECONDS, secondsLeft(account, clock.now()));
    // the gate looks whether the account still has it
    const claims = { access, ...(account ? { stamp: account.stamp } : {}) };
    const token = await keys.sign({ subject, use: 'access', seconds, claims });
    const offline =
      refresh && account && account.stamp !== '' ? { refresh_token: await this.#refreshToken(account) } : {};
    const body = {
      token,
      access_token: token,
      expires_in: seconds,
      issued_at: new Date(clock.now()).toISOString(),
      ...offline,
    };
    return json(200, body, { 'cache-control': 'no-store' });
  }

  #refreshToken({ name, stamp }: Account): Promise<string> {
    return this.#options.keys.sign({
      subject: name,
      use: 'refresh',
      seconds: REFRESH_SECONDS,
      claims: { stamp },
    });
  }
}

/** Until the account may do nothing any more; its directory gives none that may not already. */
function secondsLeft(account: Account | undefined, now: number): number {
  return account?.expires === undefined
    ? Number.POSITIVE_INFINITY
    : Math.ceil((account.expires - now) / 1000);
}
