import { homedir } from 'node:os';
import { readRegistries } from '@sampan/home';
import {
  authoritiesFor,
  type Credentials,
  isLoopback,
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

const isRoot = (): boolean => process.getuid?.() === 0;
const personOf = ({ HOME: home = homedir() }: NodeJS.ProcessEnv): string => home;

/** The logins of who called, as Docker and containers' programs keep them; for root those of `registry add` too. */
export function loginsOf({ environment, home }: Pick<Invocation, 'environment' | 'home'>): Logins {
  const further = isRoot() ? [home.node.credentials] : [];
  return new Logins({ home: personOf(environment), uid: process.getuid?.() ?? 0, environment, further });
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
  readonly #logins: Logins;
  /** Closed at the end. */
  readonly #transports: Transport[] = [];
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
    // a login may be for a part of the registry alone
    const key = place ? host : `${host}/${repository}`;
    const known = this.#known.get(key) ?? this.#registryFor(host, place, repository);
    this.#known.set(key, known);
    return { repository: (await known).repository(repository), name: `${host}/${repository}` };
  }

  /** A registry by its host, with credentials that are not kept yet. */
  async registryAt(host: string, credentials: Credentials): Promise<Registry> {
    const place = this.#placeOf(host);
    return place ? this.#own(place, credentials) : await this.#foreign(host, credentials);
  }

  /** The home's own registry; undefined: the name means another one. */
  #placeOf(named: string | undefined): HubPlace | undefined {
    const { home } = this.#invocation;
    if (named === undefined) return hubPlace(home);
    const place = findHubPlace(home);
    return place && isOwnHost(place, named) ? place : undefined;
  }

  async #registryFor(host: string, place: HubPlace | undefined, repository: string): Promise<Registry> {
    // whoever is its administrator needs no login, and one that ended is not in the way
    const credentials = place?.admin ? undefined : await this.#logins.find(host, repository);
    return place ? this.#own(place, credentials) : await this.#foreign(host, credentials);
  }

  #own({ origin, admin, secureOrigin }: HubPlace, credentials: Credentials | undefined): Registry {
    const transport = this.#open(new Transport());
    if (credentials || !admin) return new Registry({ origin, transport, credentials });
    const { ca, certificate: cert, key } = admin;
    // bytes need no TLS on loopback: only the token is got by the certificate
    const secure = this.#open(new Transport({ ca, certificate: { cert, key } }));
    return new Registry({
      origin,
      transport,
      tokens: { realm: new URL('/hub/token', secureOrigin), transport: secure },
    });
  }

  async #foreign(host: string, credentials: Credentials | undefined): Promise<Registry> {
    const { environment, options, home } = this.#invocation;
    const settings = isRoot() ? readRegistries(home).find((registry) => registry.host === host) : undefined;
    const more = settings?.ca === undefined ? [] : [settings.ca];
    const ca = [...(await authoritiesFor(host, personOf(environment))), ...more];
    // as Go's programs have it
    const transport = this.#open(new Transport({ ca, proxies: isLoopback(host) ? undefined : environment }));
    const isPlain = options['insecure-http'] === true || settings?.insecureHttp === true;
    return new Registry({ origin: await originOf(host, transport, isPlain), transport, credentials });
  }

  #open(transport: Transport): Transport {
    this.#transports.push(transport);
    return transport;
  }

  close(): void {
    for (const transport of this.#transports) transport.close();
  }
}
