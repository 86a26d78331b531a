import { createHash } from 'node:crypto';
import type { Account } from './account.ts';
import type { Directory, Project } from './directory.ts';
import { isPassword } from './password.ts';

export interface NewAccount extends Partial<Omit<Account, 'name' | 'administrator' | 'stamp'>> {
  readonly name: string;
  readonly administrator: boolean;
  /** As `hashPassword` makes it. */
  readonly hash: string;
}

/** Accounts and projects as they were last told. */
export class MemoryDirectory implements Directory {
  readonly #accounts = new Map<string, Account & { readonly hash: string }>();
  readonly #projects = new Map<string, Project>();

  /** Adds it or replaces the one of that name. A user unless it says otherwise. */
  setAccount(account: NewAccount): void {
    // not the hash itself: tokens carry it
    const stamp = createHash('sha256').update(account.hash).digest('base64url').slice(0, 16);
    this.#accounts.set(account.name, { kind: 'user', groups: [], permissions: [], ...account, stamp });
  }

  removeAccount(name: string): void {
    this.#accounts.delete(name);
  }

  /** Adds it or replaces the one of that name. */
  setProject(project: Project): void {
    this.#projects.set(project.name, project);
  }

  removeProject(name: string): void {
    this.#projects.delete(name);
  }

  project(name: string): Project | undefined {
    return this.#projects.get(name);
  }

  account(name: string): Account | undefined {
    return this.#accounts.get(name);
  }

  async authenticate(name: string, password: string): Promise<Account | undefined> {
    const account = this.#accounts.get(name);
    return (await isPassword(password, account?.hash)) ? account : undefined;
  }

  ofCertificate(): undefined {
    return undefined;
  }
}
