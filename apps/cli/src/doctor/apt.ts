import { spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { OWN_BUSYBOX } from './packages.ts';

const ENVIRONMENT = {
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  DEBIAN_FRONTEND: 'noninteractive',
  // what apt says is read here
  LC_ALL: 'C.UTF-8',
};
/** Nothing is removed for what is installed, nobody is asked, and nothing comes along that is not needed. */
const INSTALL = ['install', '--yes', '--no-remove', '--no-install-recommends'] as const;
/** A mirror that does not answer is given up, milliseconds. */
const TIMEOUT_MS = 600_000;
const APT_OPTIONS = [
  '-o',
  'Acquire::Retries=1',
  '-o',
  'Acquire::http::Timeout=20',
  '-o',
  'DPkg::Lock::Timeout=60',
];

export interface AptOutcome {
  readonly ok: boolean;
  /** Why not, in apt's words; empty when ok. */
  readonly reason: string;
}

/** Whether packages are installed by apt here. */
export function hasApt(): boolean {
  try {
    accessSync('/usr/bin/apt-get', constants.X_OK);
    accessSync('/usr/bin/dpkg', constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** For people to type. */
export const aptCommand = (names: readonly string[]): string =>
  `apt-get install --no-remove --no-install-recommends ${names.join(' ')}`;

/** Those of the names that apt can install. Knows nothing before the first `aptUpdate` of a machine. */
export function available(names: readonly string[]): string[] {
  const { stdout } = run('apt-cache', ['policy', ...names]);
  // blocks of a name and what is known of it; without a candidate there is nothing to install
  const known = [...stdout.matchAll(/^(\S+):\n(?: .*\n)*? {2}Candidate: (\S+)$/gm)];
  return known.flatMap(([, name, candidate]) => (name && candidate !== '(none)' ? [name] : []));
}

export const aptUpdate = (): AptOutcome => outcome(run('apt-get', [...APT_OPTIONS, 'update']));

export const aptInstall = (names: readonly string[]): AptOutcome =>
  outcome(run('apt-get', [...APT_OPTIONS, ...INSTALL, ...names]));

/**
 * Puts the static busybox beside the machine's own, which the package would replace: the package's file is taken out
 * of it, and nothing is installed.
 */
export function extractBusybox(): AptOutcome {
  const folder = mkdtempSync(join(tmpdir(), 'sampan-busybox-'));
  try {
    const fetched = outcome(run('apt-get', [...APT_OPTIONS, 'download', 'busybox-static'], folder));
    if (!fetched.ok) return fetched;
    const archive = readdirSync(folder).find((name) => name.endsWith('.deb'));
    if (!archive) return { ok: false, reason: 'nothing was downloaded' };
    const unpacked = outcome(run('dpkg-deb', ['--extract', archive, 'content'], folder));
    if (!unpacked.ok) return unpacked;
    const program = ['usr/bin/busybox', 'bin/busybox']
      .map((name) => join(folder, 'content', name))
      .find(isProgram);
    if (!program) return { ok: false, reason: 'the package holds no busybox' };
    mkdirSync(dirname(OWN_BUSYBOX), { recursive: true, mode: 0o755 });
    cpSync(program, OWN_BUSYBOX);
    chmodSync(OWN_BUSYBOX, 0o755);
    return { ok: true, reason: '' };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Stops a service that came with a package and keeps it from starting; harmless without systemd. */
export function disableService(unit: string): void {
  if (isProgram('/run/systemd/system')) run('systemctl', ['disable', '--now', unit]);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function run(program: string, args: readonly string[], cwd = '/') {
  const proxies = Object.entries(process.env).filter(([name]) => /^(https?|no)_proxy$/i.test(name));
  return spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    env: { ...ENVIRONMENT, ...Object.fromEntries(proxies) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function outcome({ status, stdout, stderr, error }: ReturnType<typeof run>): AptOutcome {
  if (status === 0) return { ok: true, reason: '' };
  const lines = `${stdout}\n${stderr}`.split('\n');
  const told = lines.filter((line) => /^(E|W|Err): ?/.test(line)).map((line) => line.replace(/^\w+: ?/, ''));
  return { ok: false, reason: told.slice(-3).join(' ') || error?.message || `exit code ${status}` };
}
