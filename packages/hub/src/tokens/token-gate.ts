import type { Clock } from '@sampan/base';
import type { Caller, Gate, Wanted } from '../api/gate.ts';
import type { HubRequest } from '../api/message.ts';
import { RegistryError } from '../errors/registry-error.ts';
import type { Account } from '../projects/account.ts';
import { type Directory, grant, projectOf } from '../projects/directory.ts';
import { type Access, formatScope } from './scope.ts';
import { accessOf, type Token, type TokenKeys } from './token-keys.ts';

/** The longest that an upload may outlive the token it was begun with. */
const LONGEST_UPLOAD_MS = 24 * 60 * 60_000;

interface TokenGateOptions {
  readonly keys: TokenKeys;
  readonly clock: Clock;
  /** Where tokens are had, as the client of this request reaches it. */
  readonly realm: (request: HubRequest) => string;
  readonly directory: Directory;
}

/**
 * Admits who brings a token that grants what they want (distribution specification, "Token Authentication"). Asks
 * nobody, but looks whether the account is still there and still may: what is taken away is gone at once.
 */
export class TokenGate implements Gate {
  readonly #options: TokenGateOptions;

  constructor(options: TokenGateOptions) {
    this.#options = options;
  }

  async admit(request: HubRequest, wanted: Wanted): Promise<Caller> {
    const text = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const token = text === undefined ? undefined : await this.#check(text, wanted.since);
    if (!token) throw this.#challenge(request, wanted, text === undefined ? undefined : 'invalid_token');
    const may = (needed: Access): boolean => this.#may(token, needed);
    const needed = neededFor(wanted);
    if (needed && !may(needed)) throw this.#refusal(request, wanted, token);
    return {
      name: token.subject,
      may: (action, name) => this.#isPublic(name) || may({ type: 'repository', name, actions: [action] }),
    };
  }

  /** Only who may do all may look into what is no project: they are told why they cannot push there. */
  #refusal(request: HubRequest, wanted: Wanted, token: Token): RegistryError {
    const project = projectOf(wanted.repository);
    const look: Access = { type: 'repository', name: wanted.repository, actions: ['pull'] };
    if (wanted.action === 'push' && !this.#options.directory.project(project) && this.#may(token, look)) {
      const hint = `there is no project ${project}; make it: sampan hub project create ${project}`;
      return new RegistryError('NAME_UNKNOWN', hint);
    }
    return this.#challenge(request, wanted, 'insufficient_scope');
  }

  /** What the token grants, if whoever got it still may. */
  #may(token: Token, needed: Access): boolean {
    if (!covers(accessOf(token), needed)) return false;
    const account = this.#accountOf(token);
    // who cannot be looked up has it until the token ends
    if (account === 'unknown') return true;
    return covers([grant(this.#options.directory, account, needed)], needed);
  }

  /** Undefined: anonymous. */
  #accountOf({ subject, claims }: Token): Account | 'unknown' | undefined {
    if (subject === '') return undefined;
    return claims.stamp === '' ? 'unknown' : this.#options.directory.account(subject);
  }

  #isPublic(repository: string): boolean {
    return this.#options.directory.project(projectOf(repository))?.public ?? false;
  }

  async #check(text: string, since: number | undefined) {
    const { keys, clock } = this.#options;
    const now = clock.now();
    const isLong = since !== undefined && now - since <= LONGEST_UPLOAD_MS;
    const token =
      (await keys.check(text, 'access', now)) ??
      (isLong ? await keys.check(text, 'access', since) : undefined);
    return token && this.#isCurrent(token) ? token : undefined;
  }

  /** Whether its account is there, and has the password that it had. */
  #isCurrent(token: Token): boolean {
    const account = this.#accountOf(token);
    return account === undefined
      ? token.subject === ''
      : account === 'unknown' || account.stamp === token.claims.stamp;
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
