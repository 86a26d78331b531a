import type { Clock } from '@sampan/base';
import type { Origin } from '../api/message.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { addressKey } from './address-key.ts';
import type { HubLimits } from './hub-limits.ts';
import { LoginTurns } from './login-turns.ts';
import { TokenBuckets } from './token-buckets.ts';

/** Names that one address may try, compared with the passwords of one name. */
const NAMES_FACTOR = 10;

/** Counts requests and wrong passwords, and says when they are too many. */
export class RequestLimits {
  readonly #accounts: TokenBuckets;
  readonly #addresses: TokenBuckets;
  readonly #logins: TokenBuckets;
  readonly #loginAddresses: TokenBuckets;
  readonly #turns = new LoginTurns();
  /** Requests and logins that were refused, for metrics. */
  readonly refused = { requests: 0, logins: 0 };

  constructor({ account, address, failedLogins }: HubLimits, clock: Clock) {
    const { perSecond, burst } = failedLogins;
    this.#accounts = new TokenBuckets(account, clock);
    this.#addresses = new TokenBuckets(address, clock);
    this.#logins = new TokenBuckets(failedLogins, clock);
    const wider = { perSecond: perSecond * NAMES_FACTOR, burst: burst * NAMES_FACTOR };
    this.#loginAddresses = new TokenBuckets(wider, clock);
  }

  /** Before anything is done for a request. @throws RegistryError TOOMANYREQUESTS */
  admit({ address }: Origin): void {
    const key = addressKey(address);
    this.#require('requests', key === undefined ? 0 : this.#addresses.wait(key));
  }

  /** A request of an account. @throws RegistryError TOOMANYREQUESTS */
  countAccount(name: string): void {
    this.#require('requests', this.#accounts.take(name));
  }

  /** A request of nobody known. @throws RegistryError TOOMANYREQUESTS */
  countAnonymous({ address }: Origin): void {
    const key = addressKey(address);
    this.#require('requests', key === undefined ? 0 : this.#addresses.take(key));
  }

  /**
   * Before a password is looked at; without a name, one that nobody can guess. The returned function is to be called
   * once it is known whether it is right. Waits for others that are looked at, when all that may be wrong are: who
   * guesses many at once gets no further than one by one.
   * @throws RegistryError TOOMANYREQUESTS, also for the right one
   */
  async beginLogin(name: string | undefined, origin: Origin): Promise<() => void> {
    const counted = this.#countedFor(name, origin);
    for (;;) {
      this.#require('logins', Math.max(0, ...counted.map(({ buckets, key }) => buckets.wait(key))));
      const full = counted.find(({ buckets, key }) => this.#turns.count(key) >= buckets.left(key));
      if (!full) break;
      await this.#turns.decided(full.key);
    }
    const ends = counted.map(({ key }) => this.#turns.begin(key));
    return () => {
      for (const end of ends) end();
    };
  }

  countFailedLogin(name: string | undefined, origin: Origin): void {
    for (const { buckets, key } of this.#countedFor(name, origin)) buckets.take(key);
  }

  #countedFor(name: string | undefined, { address }: Origin): { buckets: TokenBuckets; key: string }[] {
    const key = addressKey(address);
    const ofName = name === undefined ? [] : [{ buckets: this.#logins, key: loginKey(name, address) }];
    return key === undefined ? ofName : [...ofName, { buckets: this.#loginAddresses, key }];
  }

  #require(what: 'requests' | 'logins', wait: number): void {
    if (wait === 0) return;
    this.refused[what] += 1;
    const seconds = Math.ceil(wait);
    const reason = what === 'logins' ? 'wrong passwords' : 'requests';
    throw new RegistryError('TOOMANYREQUESTS', `${reason} in a short time; again in ${seconds} s`, {
      headers: { 'retry-after': String(seconds) },
    });
  }
}

/** Of the machine itself all addresses are one. */
const loginKey = (name: string, address: string): string =>
  `${addressKey(address) ?? ''} ${name.slice(0, 256)}`;
