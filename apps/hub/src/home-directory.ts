import { createHash } from 'node:crypto';
import { type HomeLayout, isPasswordOf, readUsers, type User } from '@sampan/home';
import type { Account, Directory, Project } from '@sampan/hub';

const ADMINISTRATORS = 'system:masters';

const LIBRARY: Project = { name: 'library', public: true, members: [] };

/** The people of a home as accounts, and the one project that every registry has. */
export class HomeDirectory implements Directory {
  readonly #home: HomeLayout;

  constructor(home: HomeLayout) {
    this.#home = home;
  }

  project(name: string): Project | undefined {
    return name === LIBRARY.name ? LIBRARY : undefined;
  }

  account(name: string): Account | undefined {
    const user = this.#user(name);
    return user && accountOf(user);
  }

  async authenticate(name: string, password: string): Promise<Account | undefined> {
    const user = this.#user(name);
    return user && (await isPasswordOf(user, password)) ? accountOf(user) : undefined;
  }

  ofCertificate(): undefined {
    return undefined;
  }

  #user(name: string): User | undefined {
    return readUsers(this.#home).find((user) => user.name === name);
  }
}

function accountOf({ name, groups, password }: User): Account {
  // not the hash itself: tokens carry it
  const stamp = createHash('sha256').update(password).digest('base64url').slice(0, 16);
  const administrator = groups.includes(ADMINISTRATORS);
  return { name, kind: 'user', groups, stamp, administrator, permissions: [] };
}
