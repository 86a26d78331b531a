import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import type { Clock, Logger } from '@sampan/base';
import { type HomeLayout, isPasswordOf, readRevoked, readUsers, type User } from '@sampan/home';
import type { Account } from '@sampan/hub';
import { Revocations } from '@sampan/machinery';
import { Remembered } from './remembered.ts';

/** May do all, as everywhere. */
const ADMINISTRATORS = 'system:masters';
/** All who proved who they are are in this one (Kubernetes docs, "Authenticating"). */
const AUTHENTICATED = 'system:authenticated';

/** Every request asks; looking at the file costs more than all else of it. Milliseconds. */
const LOOK_MS = 100;

/** A person, or what else the cluster knows by name and groups. */
export function personOf(
  name: string,
  groups: readonly string[],
  more: Partial<Pick<Account, 'kind' | 'stamp'>> = {},
): Account {
  return {
    name,
    kind: 'user',
    groups: [...new Set([...groups, AUTHENTICATED])],
    stamp: '',
    administrator: groups.includes(ADMINISTRATORS),
    permissions: [],
    ...more,
  };
}

/** The people of a home by their passwords, as the file says at the moment. */
export class Users {
  readonly #home: HomeLayout;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #remembered: Remembered<User>;
  #users: ReadonlyMap<string, User> = new Map();
  #revocations = new Revocations();
  /** Of the file that was read. */
  #mark = '';
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(home: HomeLayout, clock: Clock, log: Logger) {
    this.#home = home;
    this.#clock = clock;
    this.#log = log;
    this.#remembered = new Remembered(clock);
  }

  account(name: string): Account | undefined {
    const user = this.#find(name);
    return user && accountOf(user);
  }

  async authenticate(name: string, password: string): Promise<Account | undefined> {
    const user = this.#find(name);
    const isRight = await this.#remembered.check([name, password, user?.password ?? ''], async () =>
      (await isPasswordOf(user, password)) ? user : undefined,
    );
    return isRight && accountOf(isRight);
  }

  /** Whether a certificate of the home's authority is believed no more. */
  isRevoked(certificate: Parameters<Revocations['has']>[0]): boolean {
    this.#look();
    return this.#revocations.has(certificate);
  }

  #find(name: string): User | undefined {
    this.#look();
    return this.#users.get(name);
  }

  #look(): void {
    const now = this.#clock.monotonic();
    if (now < this.#lookedAt + LOOK_MS) return;
    this.#lookedAt = now;
    const mark = this.#markOf();
    if (mark !== this.#mark) this.#read(mark);
  }

  /** It is replaced as a whole, so another file has another number. */
  #markOf(): string {
    const found = statSync(this.#home.users, { bigint: true, throwIfNoEntry: false });
    return found ? `${found.ino}:${found.mtimeNs}:${found.size}` : '';
  }

  /** What cannot be read leaves the people of before. */
  #read(mark: string): void {
    this.#mark = mark;
    try {
      this.#revocations = new Revocations(readRevoked(this.#home));
      this.#users = new Map(readUsers(this.#home).map((user) => [user.name, user]));
    } catch (error) {
      this.#log.error('the file of users cannot be read', { error });
    }
  }
}

function accountOf({ name, groups, password }: User): Account {
  // not the hash itself: tokens carry it
  const stamp = createHash('sha256').update(password).digest('base64url').slice(0, 16);
  return personOf(name, groups, { stamp });
}
