import type { Origin } from '../api/message.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Account } from '../projects/account.ts';
import type { Directory, Project } from '../projects/directory.ts';
import type { RequestLimits } from './request-limits.ts';

/** A directory that counts who logs in and slows down who guesses passwords. */
export class GuardedDirectory implements Directory {
  readonly #directory: Directory;
  readonly #limits: RequestLimits;
  readonly #audit: AuditLog;

  constructor(directory: Directory, limits: RequestLimits, audit: AuditLog) {
    this.#directory = directory;
    this.#limits = limits;
    this.#audit = audit;
  }

  project(name: string): Project | undefined {
    return this.#directory.project(name);
  }

  account(name: string): Account | undefined {
    return this.#directory.account(name);
  }

  /** @throws RegistryError TOOMANYREQUESTS */
  async authenticate(name: string, password: string, from: Origin): Promise<Account | undefined> {
    const guessed = this.#isGuessable(name) ? name : undefined;
    const end = await this.#limits.beginLogin(guessed, from);
    try {
      const account = await this.#directory.authenticate(name, password, from);
      if (account) {
        this.#limits.countAccount(account.name);
        return account;
      }
      this.#limits.countFailedLogin(guessed, from);
    } finally {
      end();
    }
    this.#audit.loginFailed(name, from);
    return undefined;
  }

  /**
   * The secrets of robots and clusters are too long to be guessed. Slowed down they would only be locked out by whoever
   * uses their name on the same machine: a node, of its images.
   */
  #isGuessable(name: string): boolean {
    const kind = this.#directory.account(name)?.kind;
    return kind !== 'robot' && kind !== 'cluster';
  }

  ofCertificate(certificate: string): Account | undefined {
    const account = this.#directory.ofCertificate(certificate);
    if (account) this.#limits.countAccount(account.name);
    return account;
  }
}
