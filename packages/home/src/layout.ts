import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Names inside a home. Folders are 0700, files 0600; both belong to the user the server runs as, but for `node` and
 * `containerd`, which are root's: the home itself is then root's as well, and sticky, so that the server's user cannot
 * put other things in their place.
 */
export interface HomeLayout {
  readonly root: string;
  readonly clusters: string;
  /** Of guest clusters, in a folder for each. */
  readonly backups: string;
  readonly pki: string;
  readonly logs: string;
  readonly run: string;
  /** The host cluster's objects. */
  readonly hostDatabase: string;
  readonly settings: string;
  readonly users: string;
  /** Held by whoever changes the settings, users or registries; says nothing when read. */
  readonly changesLock: string;
  /** What is written about the running server; see `run-state.ts`. */
  readonly runState: string;
  /** Held by the running server; says nothing when read. */
  readonly lock: string;
  readonly serverLog: string;
  readonly guestsLog: string;
  /** Where the guests process answers the server. */
  readonly guestsSocket: string;
  /** Held by the running guests process; says nothing when read. */
  readonly guestsLock: string;
  /** What a server said that ended before it could log. */
  readonly startLog: string;
  readonly hub: HubLayout;
  readonly node: NodeLayout;
}

/** What the registry keeps. */
export interface HubLayout {
  readonly root: string;
  readonly blobs: string;
  /** All that is not blobs. */
  readonly database: string;
  /** Signs its tokens. */
  readonly tokenKey: string;
  /** Of the passwords with which clusters pull; see `pull-password.ts`. */
  readonly pullKey: string;
  /** Where it answers the server. */
  readonly socket: string;
  /** Held by the running hub process; says nothing when read. */
  readonly lock: string;
  readonly log: string;
  /** Who pushed, pulled and deleted what. */
  readonly auditLog: string;
}

/** What the node process keeps: root's alone, but that the server may enter the folder and speak to the socket. */
export interface NodeLayout {
  readonly root: string;
  /** What is written about the running node process. */
  readonly runState: string;
  /** Held by the running node process; says nothing when read. */
  readonly lock: string;
  readonly log: string;
  readonly startLog: string;
  /** Where it answers the server. */
  readonly socket: string;
  /** Where the node process is asked to work for guest clusters. */
  readonly machineSocket: string;
  readonly pki: string;
  readonly pods: string;
  readonly podLogs: string;
  readonly volumes: string;
  readonly staticPods: string;
  readonly seccomp: string;
  readonly cni: string;
  /** HOST/hosts.toml (containerd docs/hosts.md). */
  readonly registries: string;
  /** For registries, in docker's config format. */
  readonly credentials: string;
  /** What pods may do on this machine; need not be there. */
  readonly policy: string;
  /** The own containerd's folder: not below `root`, for sockets' paths are short. */
  readonly containerd: string;
}

export const HOME_FOLDERS = ['clusters', 'backups', 'hub', 'pki', 'logs', 'run'] as const;
/** Only there where root runs containers. */
export const NODE_FOLDERS = ['node', 'containerd'] as const;

/** `root` may be relative: the server works from inside its home, which its user need not reach from outside. */
export function homeLayout(root: string): HomeLayout {
  const at = (...names: string[]) => join(root, ...names);
  return {
    root,
    clusters: at('clusters'),
    backups: at('backups'),
    pki: at('pki'),
    logs: at('logs'),
    run: at('run'),
    hostDatabase: at('clusters', 'host.db'),
    settings: at('settings.json'),
    users: at('users.json'),
    changesLock: at('run', 'changes.lock'),
    runState: at('run', 'server.json'),
    lock: at('run', 'server.lock'),
    serverLog: at('logs', 'server.log'),
    guestsLog: at('logs', 'guests.log'),
    guestsSocket: at('run', 'guests.sock'),
    guestsLock: at('run', 'guests.lock'),
    startLog: at('logs', 'start.log'),
    hub: hubLayout(root),
    node: nodeLayout(root),
  };
}

function hubLayout(root: string): HubLayout {
  const at = (...names: string[]) => join(root, ...names);
  return {
    root: at('hub'),
    blobs: at('hub', 'blobs'),
    database: at('hub', 'hub.db'),
    tokenKey: at('hub', 'token-key.json'),
    pullKey: at('pki', 'hub-pull.key'),
    socket: at('run', 'hub.sock'),
    lock: at('run', 'hub.lock'),
    log: at('logs', 'hub.log'),
    auditLog: at('logs', 'hub-audit.log'),
  };
}

function nodeLayout(root: string): NodeLayout {
  const at = (...names: string[]) => join(root, 'node', ...names);
  return {
    root: at(),
    runState: at('run.json'),
    lock: at('node.lock'),
    log: at('logs', 'node.log'),
    startLog: at('logs', 'start.log'),
    socket: at('agent.sock'),
    machineSocket: at('machine.sock'),
    pki: at('pki'),
    pods: at('pods'),
    podLogs: at('pod-logs'),
    volumes: at('volumes'),
    staticPods: at('static-pods'),
    seccomp: at('seccomp'),
    cni: at('cni'),
    registries: at('registries'),
    credentials: at('registries', 'credentials.json'),
    policy: at('policy.json'),
    containerd: join(root, 'containerd'),
  };
}

/** Where the agent of a guest cluster answers; short, as sockets' paths must be. `network`: its number. */
export const guestAgentSocket = (home: HomeLayout, network: number): string =>
  join(home.node.root, 'guests', `${network}.sock`);

/** `/var/lib/sampan` for root, `~/.sampan` for everyone else. */
export function defaultHome(uid = process.getuid?.()): string {
  return uid === 0 ? '/var/lib/sampan' : join(homedir(), '.sampan');
}

/** The absolute home that is meant: the flag, else the environment, else the default. */
export function chooseHome(flag: string | undefined, environment: string | undefined): string {
  return resolve(flag || environment || defaultHome());
}
