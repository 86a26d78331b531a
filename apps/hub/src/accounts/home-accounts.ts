import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StatusError } from '@sampan/api';
import type { Clock, Logger } from '@sampan/base';
import { clusterLogin, clusterPullPassword, type HomeLayout } from '@sampan/home';
import {
  type Account,
  type Directory,
  type HubObjects,
  isRobotSecret,
  type Project,
  type RobotAccountObject,
  robotLogin,
  robotOfLogin,
} from '@sampan/hub';
import { type Client, ForwardedCertificates } from '@sampan/machinery';
import { TokenReviews } from './token-reviews.ts';
import { personOf, Users } from './users.ts';

export interface HomeAccountsOptions {
  readonly home: HomeLayout;
  readonly objects: HubObjects;
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  /** To be told when a robot, by its object's name, logs in. */
  readonly onRobot: (name: string) => void;
}

/** The machine's own cluster; it has no object. */
const HOST_CLUSTER = 'host';

/**
 * All who may ask the registry of a home for something: its users by password, whoever has a certificate of the home,
 * ServiceAccounts by their tokens, robots, and clusters, which pull.
 */
export class HomeAccounts implements Directory {
  readonly #options: HomeAccountsOptions;
  readonly #users: Users;
  readonly #tokens: TokenReviews;
  readonly #certificates: ForwardedCertificates;
  /** Of clusters, by name and uid: every request asks, and the key is a file. */
  readonly #passwords = new Map<string, string>();

  constructor(options: HomeAccountsOptions) {
    const { home, client, clock, log } = options;
    this.#options = options;
    this.#users = new Users(home, clock, log);
    this.#tokens = new TokenReviews(client, clock);
    this.#certificates = new ForwardedCertificates(readFileSync(join(home.pki, 'ca.crt'), 'utf8'));
  }

  project(name: string): Project | undefined {
    return this.#options.objects.project(name);
  }

  account(name: string): Account | undefined {
    return this.#robot(name)?.account ?? this.#cluster(name)?.account ?? this.#users.account(name);
  }

  async authenticate(name: string, password: string): Promise<Account | undefined> {
    if (this.#tokens.isToken(password)) return this.#tokens.authenticate(password);
    const known = this.#robot(name) ?? this.#cluster(name);
    if (!known) return this.#users.authenticate(name, password);
    if (!known.isSecret(password)) return undefined;
    known.used();
    return known.account;
  }

  ofCertificate(certificate: string): Account | undefined {
    try {
      const subject = this.#certificates.read(certificate, this.#options.clock.now());
      if (!subject || this.#users.isRevoked(subject)) return undefined;
      return personOf(subject.commonName, subject.organizations);
    } catch (error) {
      // of another authority, or too old
      if (error instanceof StatusError) return undefined;
      throw error;
    }
  }

  #robot(login: string): Keeper | undefined {
    const { objects, clock, onRobot } = this.#options;
    const name = robotOfLogin(login);
    const robot = name === undefined ? undefined : objects.robots.get('', name);
    if (name === undefined || !robot) return undefined;
    const secretHash = robot.spec?.secretHash ?? robot.status?.secretHash;
    const account = robotAccount(robot, secretHash);
    if (robot.spec?.disabled || (account.expires ?? Number.POSITIVE_INFINITY) <= clock.now())
      return undefined;
    return {
      account,
      isSecret: (password) => secretHash !== undefined && isRobotSecret(secretHash, password),
      used: () => onRobot(name),
    };
  }

  #cluster(login: string): Keeper | undefined {
    const { objects } = this.#options;
    const prefix = clusterLogin('');
    const cluster = login.startsWith(prefix) ? login.slice(prefix.length) : '';
    const uid = cluster === HOST_CLUSTER ? '' : objects.clusters?.get('', cluster)?.metadata.uid;
    if (cluster === '' || uid === undefined) return undefined;
    const password = this.#passwords.getOrInsertComputed(`${cluster} ${uid}`, () =>
      clusterPullPassword(this.#options.home, cluster, uid),
    );
    return {
      account: {
        name: login,
        kind: 'cluster',
        groups: [],
        stamp: stampOf(password),
        administrator: false,
        permissions: [{ project: cluster, role: 'guest' }],
      },
      isSecret: (given) => isSame(password, given),
      used: () => undefined,
    };
  }
}

/** An account with what proves that one is it. */
interface Keeper {
  readonly account: Account;
  isSecret(password: string): boolean;
  used(): void;
}

function robotAccount({ metadata, spec = {} }: RobotAccountObject, secretHash = ''): Account {
  const { name = '', uid = '' } = metadata;
  const dot = name.indexOf('.');
  const permissions = spec.permissions ?? [];
  return {
    name: robotLogin(name),
    kind: 'robot',
    groups: [],
    stamp: stampOf(`${uid} ${secretHash}`),
    administrator: false,
    // whatever is written there: its name says where it belongs
    permissions: dot < 0 ? permissions : permissions.filter(({ project }) => project === name.slice(0, dot)),
    ...(spec.expiresAt === undefined ? {} : { expires: Date.parse(spec.expiresAt) }),
  };
}

/** Changes with the secret and says nothing of it. */
const stampOf = (secret: string): string =>
  createHash('sha256').update(secret).digest('base64url').slice(0, 16);

/** In a time that says nothing. */
function isSame(a: string, b: string): boolean {
  const [x, y] = [a, b].map((text) => createHash('sha256').update(text).digest());
  return x !== undefined && y !== undefined && timingSafeEqual(x, y);
}
