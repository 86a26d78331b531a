import { SampanError } from '@sampan/base';
import { type HomeLayout, HUB_HOST, readAdmin, readRunState } from '@sampan/home';
import { apiUrl } from '../endpoint.ts';

/** The registry of a home that runs. */
export interface HubPlace {
  /** As names of images begin: `localhost:5000`. */
  readonly host: string;
  /** Plain HTTP on loopback. */
  readonly origin: URL;
  /** Whoever may read the home's keys is its administrator, and gets tokens by them; undefined: may not. */
  readonly admin: { readonly ca: string; readonly certificate: string; readonly key: string } | undefined;
  /** Where the server hands on what is for the registry. */
  readonly secureOrigin: string;
}

/** Throws `not-running`, `hub-off`, and EACCES for another person's home. */
export function hubPlace(home: HomeLayout): HubPlace {
  const running = readRunState(home);
  if (!running) {
    throw new SampanError('not-running', `Sampan does not run on ${home.root}.`, {
      hint: 'Start it with: sampan up. Or name another registry: HOST/PROJECT/NAME',
    });
  }
  const { hubPort } = running;
  if (hubPort === undefined) {
    throw new SampanError('hub-off', 'Sampan runs without its registry.', {
      hint: 'Start it with the registry: sampan down, then: sampan up',
    });
  }
  return {
    host: `localhost:${hubPort}`,
    origin: new URL(`http://127.0.0.1:${hubPort}`),
    admin: adminOf(home),
    secureOrigin: apiUrl(home, running),
  };
}

/** undefined: it does not run, or is somebody else's. */
export function findHubPlace(home: HomeLayout): HubPlace | undefined {
  const running = unlessForbidden(() => readRunState(home));
  return running?.hubPort === undefined ? undefined : hubPlace(home);
}

const adminOf = (home: HomeLayout): HubPlace['admin'] => unlessForbidden(() => readAdmin(home));

function unlessForbidden<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return undefined;
    throw error;
  }
}

/** Whether a name of an image means this registry. */
export function isOwnHost(place: HubPlace, registry: string): boolean {
  const { port } = place.origin;
  const { port: securePort, hostname } = new URL(place.secureOrigin);
  return [
    HUB_HOST,
    `localhost:${port}`,
    `127.0.0.1:${port}`,
    `[::1]:${port}`,
    `localhost:${securePort}`,
    `${hostname}:${securePort}`,
  ].includes(registry);
}
