import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';

/** Where people put the authorities of single registries, below which HOST or HOST:PORT is a folder. */
const SYSTEM_FOLDERS = ['/etc/containers/certs.d', '/etc/docker/certs.d'];

/**
 * Who may vouch for a registry, PEM: whom Node knows, whom this machine knows, and whom its owner named for this registry
 * alone, as for Docker (docs.docker.com, "Verify repository client with certificates") and containers' programs
 * (containers-certs.d(5)). `home`: the person's folder.
 */
export async function authoritiesFor(registry: string, home: string): Promise<string[]> {
  const folders = [join(home, '.config', 'containers', 'certs.d'), ...SYSTEM_FOLDERS];
  const own = await Promise.all(folders.map((folder) => certificatesIn(join(folder, registry))));
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system'), ...own.flat()])];
}

/** None where there is no such folder, or it is not for this user. */
async function certificatesIn(folder: string): Promise<string[]> {
  try {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.crt')).sort();
    return await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(code)) return [];
    throw error;
  }
}
