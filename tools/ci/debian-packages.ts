import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The names in debian-packages.txt; `A|B`: A, unless B is installed. */
export function wantedPackages(): string[] {
  const text = readFileSync(join(import.meta.dirname, 'debian-packages.txt'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(/\s+/)[0] ?? '');
}

/**
 * Installs the Debian packages that tests need, and `more`, where they are missing; as root only, since others may
 * not. Returns what is still missing: the tests that need it say so themselves.
 */
export function installDebianPackages(more: readonly string[] = []): string[] {
  const missing = [...wantedPackages(), ...more].filter((name) => !isInstalled(name));
  if (missing.length === 0 || process.getuid?.() !== 0) return missing;
  console.log(`Installing ${missing.join(' ')} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: string[]) =>
    spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'], env });
  if (apt('update', '-qq').status === 0) install(missing.map(first), apt);
  return missing.filter((name) => !isInstalled(name));
}

/** What others need on this machine stays: a package that would remove one is left out. */
function install(names: readonly string[], apt: (...args: string[]) => { status: number | null }): void {
  const options = ['-y', '-qq', '--no-install-recommends', '--no-remove'];
  if (apt('install', ...options, ...names).status === 0) return;
  for (const name of names) apt('install', ...options, name);
}

const first = (name: string): string => name.split('|')[0] ?? '';

function isInstalled(name: string): boolean {
  return name.split('|').some(isPackageInstalled);
}

function isPackageInstalled(name: string): boolean {
  const found = spawnSync('dpkg-query', ['-W', STATUS_FORMAT, name], { encoding: 'utf8' });
  return found.status === 0 && found.stdout.startsWith('ii');
}

/** Of dpkg, not of JavaScript. */
const STATUS_FORMAT = '-f=$' + '{db:Status-Abbrev}';
