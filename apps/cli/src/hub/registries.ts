import { homedir } from 'node:os';
import {
  type Credentials,
  Logins,
  originOf,
  type Reference,
  Registry,
  type Repository,
  repositoryAt,
  Transport,
} from '@sampan/oci';
import type { Invocation } from '../command.ts';
import { findHubPlace, type HubPlace, hubPlace, isOwnHost } from './hub-place.ts';

/** The logins of who called, as Docker and containers' programs keep them. */
export function loginsOf({ environment }: Pick<Invocation, 'environment'>): Logins {
  const { HOME: home = homedir() } = environment;
  return new Logins({ home, uid: process.getuid?.() ?? 0, environment });
}

/** Gives a command the registries that names of images lead to, and ends all connections afterwards. */
export async function withRegistries<T>(
  invocation: Invocation,
  use: (registries: Registries) => Promise<T>,
): Promise<T> {
  const registries = new Registries(invocation);
  try {
    return await use(registries);
  } finally {
    registries.close();
  }
}

export class Registries {
  readonly #invocation: Invocation;
  readonly #transport = new Transport();
  readonly #logins: Logins;
  /** Connections that show the home's certificate: to the home alone. */
  #admin: Transport | undefined;
  /** By host, so that one registry is one to what copies within it. */
  readonly #known = new Map<string, Promise<Registry>>();

  constructor(invocation: Invocation) {
    this.#invocation = invocation;
    this.#logins = loginsOf(invocation);
  }

  /** What a name means, and how it is written in full. Throws `not-running`, `hub-off`. */
  async repository(
    reference: Reference,
  ): Promise<{ readonly repository: Repository; readonly name: string }> {
    const { registry: named } = reference;
    const place = this.#placeOf(named);
    const host = place?.host ?? named ?? '';
    const repository = repositoryAt(host, reference.repository);
    // the rights of a login may be of a part of the registry alone
    const key = place ? host : `${host}/${repository}`;
    const known =
      this.#known.get(key) ?? (place ? this.#own(place, repository) : this.#foreign(host, repository));
    this.#known.set(key, known);
    return { repository: (await known).repository(repository), name: `${host}/${repository}` };
  }

  /** The home's own registry; undefined: the name means another one. */
  #placeOf(named: string | undefined): HubPlace | undefined {
    const { home } = this.#invocation;
    if (named === undefined) return hubPlace(home);
    const place = findHubPlace(home);
    return place && isOwnHost(place, named) ? place : undefined;
  }

  async #own(place: HubPlace, repository: string): Promise<Registry> {
    return this.registryOf(place, place.admin ? undefined : await this.#logins.find(place.host, repository));
  }

  /** The home's own registry, by credentials or as its administrator. */
  registryOf({ origin, admin, secureOrigin }: HubPlace, credentials: Credentials | undefined): Registry {
    if (credentials || !admin) return new Registry({ origin, transport: this.#transport, credentials });
    const { ca, certificate: cert, key } = admin;
    this.#admin ??= new Transport({ ca, certificate: { cert, key } });
    // bytes need no TLS on loopback: only the token is got by the certificate
    const tokens = { realm: new URL('/hub/token', secureOrigin), transport: this.#admin };
    return new Registry({ origin, transport: this.#transport, tokens });
  }

  async #foreign(host: string, repository: string): Promise<Registry> {
    const isPlain = this.#invocation.options['insecure-http'] === true;
    const origin = await originOf(host, this.#transport, isPlain);
    const credentials = await this.#logins.find(host, repository);
    return new Registry({ origin, transport: this.#transport, credentials });
  }

  /** Of a registry by its host, with credentials that are not kept yet. */
  async registryAt(host: string, credentials: Credentials | undefined): Promise<Registry> {
    const place = this.#placeOf(host);
    if (place) return this.registryOf(place, credentials);
    const isPlain = this.#invocation.options['insecure-http'] === true;
    const origin = await originOf(host, this.#transport, isPlain);
    return new Registry({ origin, transport: this.#transport, credentials });
  }

  close(): void {
    this.#transport.close();
    this.#admin?.close();
  }
}
