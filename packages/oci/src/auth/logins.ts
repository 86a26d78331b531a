import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OciError } from '../errors.ts';
import { type AuthFile, credentialsOf, entryFor, readAuthFile, writeAuthFile } from './auth-file.ts';
import { eraseWithHelper, helperCredentials, storeWithHelper } from './credential-helper.ts';
import type { Credentials } from './credentials.ts';

/** What decides where logins are kept. */
export interface LoginPlaces {
  /** The person's folder. */
  readonly home: string;
  readonly uid: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Files that are asked last, and never written. */
  readonly further?: readonly string[];
}

/** The logins of a person for registries, shared with Docker, and with skopeo, podman and buildah. */
export class Logins {
  /** In the order in which they are asked; containers-auth.json(5), docker-config-json(5). */
  readonly #files: readonly string[];
  readonly #further: readonly string[];
  readonly #docker: string;
  readonly #containers: string;

  constructor({ home, uid, environment, further = [] }: LoginPlaces) {
    const runtime = environment.XDG_RUNTIME_DIR || `/run/containers/${uid}`;
    const passing = environment.XDG_RUNTIME_DIR
      ? join(runtime, 'containers', 'auth.json')
      : join(runtime, 'auth.json');
    const lasting = join(environment.XDG_CONFIG_HOME || join(home, '.config'), 'containers', 'auth.json');
    const chosen = environment.REGISTRY_AUTH_FILE;
    this.#docker = join(environment.DOCKER_CONFIG || join(home, '.docker'), 'config.json');
    this.#further = further;
    this.#files = [...(chosen ? [chosen] : [passing, lasting]), this.#docker];
    // where there is a file that goes with the session, its entries come first
    this.#containers = chosen || (existsSync(passing) ? passing : lasting);
  }

  /** Where `store` writes. */
  get files(): readonly string[] {
    return [this.#docker, this.#containers];
  }

  /** Throws `oci-login-invalid`. */
  async find(registry: string, repository: string): Promise<Credentials | undefined> {
    for (const path of [...this.#files, ...this.#further]) {
      const file = await readAuthFile(path).catch(unlessForbidden);
      const name = this.#nameIn(path, registry);
      const helper = helperOf(file, name);
      const entry = entryFor(file, registry, repository);
      const found = (entry && credentialsOf(entry)) ?? (helper && (await helperCredentials(helper, name)));
      if (found) return found;
    }
    return undefined;
  }

  /** For Docker, and for containers' programs; other entries are kept. Throws `oci-login-invalid`. */
  async store(registry: string, login: { readonly user: string; readonly password: string }): Promise<void> {
    const auth = Buffer.from(`${login.user}:${login.password}`).toString('base64');
    for (const path of this.files) {
      const file = await readAuthFile(path);
      const name = this.#nameIn(path, registry);
      const helper = helperOf(file, name);
      if (helper) await storeWithHelper(helper, name, login);
      await writeAuthFile(path, { ...file, auths: { ...file.auths, [name]: helper ? {} : { auth } } });
    }
  }

  /** Whether there was one. Throws `oci-login-invalid`. */
  async remove(registry: string): Promise<boolean> {
    let isThere = false;
    for (const path of this.#files) {
      const file = await readAuthFile(path).catch(unlessForbidden);
      const name = this.#nameIn(path, registry);
      if (!file.auths || !Object.hasOwn(file.auths, name)) continue;
      const { [name]: _, ...auths } = file.auths;
      const helper = helperOf(file, name);
      if (helper) await eraseWithHelper(helper, name);
      await writeAuthFile(path, { ...file, auths });
      isThere = true;
    }
    return isThere;
  }

  /** Docker calls its own registry by an old address. */
  #nameIn(path: string, registry: string): string {
    return registry === 'docker.io' && path === this.#docker ? DOCKER_HUB : registry;
  }
}

/** What is somebody else's is no place for a person's logins. */
function unlessForbidden(error: unknown): AuthFile {
  if (error instanceof OciError && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'EACCES')
    return {};
  throw error;
}

const DOCKER_HUB = 'https://index.docker.io/v1/';

const helperOf = ({ credHelpers = {}, credsStore }: AuthFile, registry: string): string | undefined =>
  (Object.hasOwn(credHelpers, registry) ? credHelpers[registry] : undefined) ?? credsStore;
