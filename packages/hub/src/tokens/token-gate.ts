import type { Clock } from '@sampan/base';
import type { Caller, Gate, Wanted } from '../api/gate.ts';
import type { HubRequest } from '../api/message.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { type Access, formatScope } from './scope.ts';
import { accessOf, type TokenKeys } from './token-keys.ts';

/** The longest that an upload may outlive the token it was begun with. */
const LONGEST_UPLOAD_MS = 24 * 60 * 60_000;

interface TokenGateOptions {
  readonly keys: TokenKeys;
  readonly clock: Clock;
  /** Where tokens are had, as the client of this request reaches it. */
  readonly realm: (request: HubRequest) => string;
  /** Whether anyone may pull from the repository: that needs no token. */
  readonly isPublic: (repository: string) => boolean;
}

/** Admits who brings a token that grants what they want (distribution specification, "Token Authentication"). */
export class TokenGate implements Gate {
  readonly #options: TokenGateOptions;

  constructor(options: TokenGateOptions) {
    this.#options = options;
  }

  async admit(request: HubRequest, wanted: Wanted): Promise<Caller> {
    const text = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const token = text === undefined ? undefined : await this.#check(text, wanted.since);
    if (!token) throw this.#challenge(request, wanted, text === undefined ? undefined : 'invalid_token');
    const access = accessOf(token);
    const needed = neededFor(wanted);
    if (needed && !covers(access, needed)) throw this.#challenge(request, wanted, 'insufficient_scope');
    return {
      name: token.subject,
      may: (action, name) =>
        this.#options.isPublic(name) || covers(access, { type: 'repository', name, actions: [action] }),
    };
  }

  async #check(text: string, since: number | undefined) {
    const { keys, clock } = this.#options;
    const now = clock.now();
    const token = await keys.check(text, 'access', now);
    if (token || since === undefined || now - since > LONGEST_UPLOAD_MS) return token;
    return keys.check(text, 'access', since);
  }

  /** RFC 6750, section 3: where and for what to ask for a token. */
  #challenge(request: HubRequest, wanted: Wanted, error: string | undefined): RegistryError {
    const needed = neededFor(wanted);
    const parameters = {
      realm: this.#options.realm(request),
      service: this.#options.keys.service,
      ...(needed ? { scope: formatScope(needed) } : {}),
      ...(error === undefined ? {} : { error }),
    };
    const list = Object.entries(parameters).map(([key, value]) => `${key}="${value}"`);
    return new RegistryError('UNAUTHORIZED', undefined, {
      headers: { 'www-authenticate': `Bearer ${list.join(',')}` },
    });
  }
}

/** A push reads too: whoever may push only cannot see what is there already. */
function neededFor({ action, repository }: Wanted): Access | undefined {
  if (action === 'any') return undefined;
  if (action === 'catalog') return { type: 'registry', name: 'catalog', actions: ['*'] };
  return { type: 'repository', name: repository, actions: action === 'push' ? ['pull', 'push'] : [action] };
}

function covers(access: readonly Access[], { type, name, actions }: Access): boolean {
  const granted = access.filter((entry) => entry.type === type && entry.name === name);
  return actions.every((action) => granted.some((entry) => entry.actions.includes(action)));
}
