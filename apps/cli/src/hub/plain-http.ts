import { mkdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { writeFileSafely } from '@sampan/home';

/**
 * Docker takes loopback without encryption by itself; podman, buildah and skopeo are told by a file of this person's
 * (containers-registries.conf.d(5)). `hosts` are names of one registry on loopback. Returns the file.
 */
export function allowPlainHttp(environment: NodeJS.ProcessEnv, hosts: readonly string[]): string {
  const file = fileFor(environment, hosts);
  mkdirSync(folderOf(environment), { recursive: true, mode: 0o700 });
  const sections = hosts.map((host) => `[[registry]]\nlocation = "${host}"\ninsecure = true\n`);
  writeFileSafely(file, `# made by "sampan hub login", removed by "sampan hub logout"\n${sections.join('')}`);
  return file;
}

/** Removes what `allowPlainHttp` wrote; nothing there is well. */
export function forgetPlainHttp(environment: NodeJS.ProcessEnv, hosts: readonly string[]): void {
  rmSync(fileFor(environment, hosts), { force: true });
}

const folderOf = ({ HOME = homedir() }: NodeJS.ProcessEnv): string =>
  join(HOME, '.config/containers/registries.conf.d');

function fileFor(environment: NodeJS.ProcessEnv, [host = '']: readonly string[]): string {
  return join(folderOf(environment), `sampan-${host.replace(':', '-')}.conf`);
}
