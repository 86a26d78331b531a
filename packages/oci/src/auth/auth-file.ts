import { chmod, mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '@sampan/base';
import { isJsonObject } from '../content/descriptor.ts';
import { OciError } from '../errors.ts';
import type { Credentials } from './credentials.ts';

/** As Docker's `config.json` and containers-auth.json(5) keep logins; what else is in there is kept as it is. */
export interface AuthFile {
  readonly auths?: Readonly<Record<string, AuthEntry>>;
  /** Program for all registries: `docker-credential-NAME`. */
  readonly credsStore?: string;
  /** Programs for single registries. */
  readonly credHelpers?: Readonly<Record<string, string>>;
}

export interface AuthEntry {
  /** `USER:PASSWORD` in base64. */
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  /** A refresh token. */
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

/** Empty when it is not there. Throws `oci-login-invalid`. */
export async function readAuthFile(path: string): Promise<AuthFile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw invalid(path, error);
  }
  try {
    const value: unknown = JSON.parse(text || '{}');
    if (isJsonObject(value)) return value as AuthFile;
    throw new Error('it is not a JSON object');
  } catch (error) {
    throw invalid(path, error);
  }
}

/** Replaces the file as a whole, readable by its owner alone. Through a link, what it leads to. */
export async function writeAuthFile(path: string, content: AuthFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const text = `${JSON.stringify(content, null, '\t')}\n`;
  const target = await realpath(path).catch(() => path);
  const partial = `${target}.${process.pid}.partial`;
  try {
    await writeFile(partial, text, { mode: 0o600, flag: 'wx', flush: true });
    await chmod(partial, 0o600);
    await rename(partial, target);
  } finally {
    await rm(partial, { force: true });
  }
}

/** The entry of the longest name that the repository begins with; Docker's own registry has a name of its own. */
export function entryFor(file: AuthFile, registry: string, repository: string): AuthEntry | undefined {
  const auths = file.auths ?? {};
  const path = `${registry}/${repository}`.split('/');
  for (let length = path.length; length > 0; length--) {
    const found = own(auths, path.slice(0, length).join('/'));
    if (found) return found;
  }
  const written = Object.keys(auths).find((name) => hostOf(name) === hostOf(registry));
  return written === undefined ? undefined : own(auths, written);
}

const own = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

const DOCKER_HOSTS: ReadonlySet<string> = new Set(['index.docker.io', 'registry-1.docker.io', 'docker.io']);

/** Old entries are URLs: `https://index.docker.io/v1/`. */
function hostOf(name: string): string {
  const host = /^(?:https?:\/\/)?([^/]*)/.exec(name)?.[1] ?? '';
  return DOCKER_HOSTS.has(host) ? 'docker.io' : host;
}

/** undefined: the entry says nothing, as those that Docker leaves for helpers. */
export function credentialsOf(entry: AuthEntry): Credentials | undefined {
  if (entry.registrytoken) return { kind: 'bearer', token: entry.registrytoken };
  if (entry.identitytoken) return { kind: 'refresh-token', token: entry.identitytoken };
  const text = Buffer.from(entry.auth ?? '', 'base64').toString('utf8');
  const colon = text.indexOf(':');
  const user = colon < 0 ? entry.username : text.slice(0, colon);
  const password = colon < 0 ? entry.password : text.slice(colon + 1).replace(/\0+$/, '');
  return user ? { kind: 'password', user, password: password ?? '' } : undefined;
}

const invalid = (path: string, cause: unknown): OciError =>
  new OciError('oci-login-invalid', `${path} cannot be read: ${messageOf(cause)}.`, {
    hint: 'Mend the file, or move it away: it holds logins of registries.',
    cause,
  });
