import { SampanError } from '@sampan/base';
import { type Credentials, OciError } from '@sampan/oci';
import type { Invocation } from '../command.ts';
import { findHubPlace, hubPlace } from '../hub/hub-place.ts';
import { type Login, ownRobot } from '../hub/own-robot.ts';
import { allowPlainHttp } from '../hub/plain-http.ts';
import { loginsOf, type Registries, withRegistries } from '../hub/registries.ts';
import { usage } from '../parse.ts';
import { readPassword } from '../read-password.ts';

/** Writes a login for docker, and for skopeo, podman and buildah; without `--user` one for this machine's own registry. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, options, home } = invocation;
  const [named] = args;
  const { user } = options;
  const hasPassword = options['password-stdin'] === true;
  if ((typeof user === 'string') !== hasPassword) {
    throw usage(
      'A login needs both --user and --password-stdin.',
      'For example: sampan hub login --user ann --password-stdin < password.txt',
    );
  }
  if (named !== undefined && typeof user !== 'string')
    throw usage(
      'Who logs in to another registry?',
      'For example: sampan hub login ghcr.io --user ann --password-stdin',
    );
  const host = named ?? hubPlace(home).host;
  return await withRegistries(invocation, async (registries) => {
    if (typeof user === 'string')
      return await keep(invocation, registries, host, { user, password: readPassword() });
    if (await worksAlready(invocation, registries, host)) {
      tellPlain(invocation, host);
      process.stdout.write(`Logged in to ${host} already\n`);
      return 0;
    }
    if (!hubPlace(home).admin) {
      throw new SampanError('hub-login-needed', 'This home is somebody else’s, and so is its registry.', {
        hint: 'Ask for a login, then: sampan hub login --user NAME --password-stdin',
      });
    }
    return await keep(invocation, registries, host, await ownRobot(invocation));
  });
}

async function keep(
  invocation: Invocation,
  registries: Registries,
  host: string,
  login: Login,
): Promise<number> {
  await (await registries.registryAt(host, { kind: 'password', ...login })).ping();
  const logins = loginsOf(invocation);
  for (const name of namesOf(host)) await logins.store(name, login);
  process.stdout.write(`Logged in to ${host} as ${login.user}\n`);
  process.stderr.write(`Kept in ${[...logins.files, ...tellPlain(invocation, host)].join(' and ')}\n`);
  return 0;
}

/** The home's own registry speaks plain HTTP on loopback, which not all programs take by themselves. */
function tellPlain({ environment, home }: Invocation, host: string): string[] {
  return findHubPlace(home)?.host === host ? [allowPlainHttp(environment, namesOf(host))] : [];
}

/** What people write for the same place: to clients these are several. */
export function namesOf(host: string): readonly string[] {
  const port = /^localhost(:\d+)?$/.exec(host);
  return port ? [host, `127.0.0.1${port[1] ?? ''}`] : [host];
}

async function worksAlready(invocation: Invocation, registries: Registries, host: string): Promise<boolean> {
  const credentials: Credentials | undefined = await loginsOf(invocation).find(host, '');
  if (!credentials) return false;
  try {
    await (await registries.registryAt(host, credentials)).ping();
    return true;
  } catch (error) {
    if (error instanceof OciError && error.code === 'oci-unauthorized') return false;
    throw error;
  }
}
