import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Names inside a home. Folders are 0700, files 0600; both belong to the user the server runs as. */
export interface HomeLayout {
  readonly root: string;
  readonly clusters: string;
  readonly pki: string;
  readonly logs: string;
  readonly run: string;
  /** The host cluster's objects. */
  readonly hostDatabase: string;
  readonly settings: string;
  readonly users: string;
  /** What is written about the running server; see `run-state.ts`. */
  readonly runState: string;
  /** Held by the running server; says nothing when read. */
  readonly lock: string;
  readonly serverLog: string;
  /** What a server said that ended before it could log. */
  readonly startLog: string;
}

export const HOME_FOLDERS = ['clusters', 'pki', 'logs', 'run'] as const;

/** `root` may be relative: the server works from inside its home, which its user need not reach from outside. */
export function homeLayout(root: string): HomeLayout {
  const at = (...names: string[]) => join(root, ...names);
  return {
    root,
    clusters: at('clusters'),
    pki: at('pki'),
    logs: at('logs'),
    run: at('run'),
    hostDatabase: at('clusters', 'host.db'),
    settings: at('settings.json'),
    users: at('users.json'),
    runState: at('run', 'server.json'),
    lock: at('run', 'server.lock'),
    serverLog: at('logs', 'server.log'),
    startLog: at('logs', 'start.log'),
  };
}

/** `/var/lib/sampan` for root, `~/.sampan` for everyone else. */
export function defaultHome(uid = process.getuid?.()): string {
  return uid === 0 ? '/var/lib/sampan' : join(homedir(), '.sampan');
}

/** The absolute home that is meant: the flag, else the environment, else the default. */
export function chooseHome(flag: string | undefined, environment: string | undefined): string {
  return resolve(flag || environment || defaultHome());
}
