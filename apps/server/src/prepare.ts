import {
  changeSettings,
  createHome,
  ensurePki,
  ensurePullKey,
  type HomeLayout,
  homeLayout,
  type LogFile,
  lockHome,
  openLogFile,
  type Pki,
  processIdentity,
  type RunState,
  readSettings,
  removeRunState,
  writeRunState,
} from '@sampan/home';
import type { ClusterNetwork } from '@sampan/network';
import { openSqliteStore, type Store } from '@sampan/store';
import { type Bound, bind } from './bind.ts';
import { Gate } from './gate.ts';
import type { ServerOptions } from './options.ts';
import { chooseNetwork } from './pod-network.ts';
import { openPrograms } from './processes/programs.ts';
import { SAMPAN_VERSION } from './version.ts';

/** What needs privilege, or the way to a home that only root can reach: done before root is given up. */
export interface Prepared {
  readonly home: HomeLayout;
  readonly log: LogFile;
  readonly pki: Pki;
  readonly store: Store;
  readonly gate: Gate;
  readonly bound: Bound;
  readonly state: RunState;
  /** Writes what changed of it. */
  keepState(change: Partial<RunState>): void;
  /** Of the host cluster's pods; undefined: without root there are none. */
  readonly network: ClusterNetwork | undefined;
  readonly webhookHosts: readonly string[];
  /** Before all that was taken until now. */
  onRelease(task: () => unknown): void;
  /** In reverse order of what was taken. */
  release(): Promise<void>;
}

/** Takes the home, the port and what else needs privilege. Changes the folder of this process. Throws SampanErrors. */
export async function prepare(options: ServerOptions): Promise<Prepared> {
  createHome(options.home);
  openPrograms();
  // Whoever cannot reach the home from outside can from inside, and nobody can move it away underneath us.
  process.chdir(options.home);
  const home = homeLayout('.');
  const cleanup: (() => unknown)[] = [];
  const release = async () => {
    for (const task of cleanup.splice(0).reverse()) await task();
  };
  try {
    cleanup.push(lockHome(home, options.home));
    const log = openLogFile(home.serverLog, { echo: options.foreground });
    cleanup.push(() => log.close());
    const settings = readSettings(home);
    const pki = ensurePki(home, { serverNames: listenNames(options.listen) });
    ensurePullKey(home);
    const store = openSqliteStore({ file: home.hostDatabase });
    cleanup.push(() => store.close());
    const gate = new Gate();
    const bound = await bind({
      wanted: options.port,
      remembered: settings.port,
      host: options.listen,
      certificate: pki.serving.certificate,
      key: pki.serving.key,
      clientCa: pki.authority.certificatePem,
      handle: gate.handle,
      upgrade: gate.upgrade,
    });
    cleanup.push(() => bound.listener.close());
    const state = newState(options, bound.listener.port);
    let written = state;
    const keepState = (change: Partial<RunState>) => {
      written = { ...written, ...change };
      writeRunState(home, written);
    };
    keepState({});
    cleanup.push(() => removeRunState(home));
    const network = await chooseNetwork(options.home, settings.network);
    if (settings.port !== state.port || settings.network !== network?.index) {
      const index = network?.index ?? settings.network;
      changeSettings(home, (present) => ({
        ...present,
        port: state.port,
        ...(index === undefined ? {} : { network: index }),
      }));
    }
    const webhookHosts = settings.webhookHosts ?? [];
    const onRelease = (task: () => unknown) => void cleanup.push(task);
    return {
      home,
      log,
      pki,
      store,
      gate,
      bound,
      state,
      keepState,
      network,
      webhookHosts,
      onRelease,
      release,
    };
  } catch (error) {
    await release();
    throw error;
  }
}

function newState({ listen }: ServerOptions, port: number): RunState {
  return {
    pid: process.pid,
    identity: processIdentity(process.pid),
    state: 'starting',
    version: SAMPAN_VERSION,
    startedAt: Date.now(),
    host: ANY_ADDRESS.includes(listen) ? '127.0.0.1' : listen,
    port,
  };
}

const ANY_ADDRESS = ['0.0.0.0', '::'];

/** The address is named in the serving certificate, unless it stands for all. */
export function listenNames(listen: string): string[] {
  return ANY_ADDRESS.includes(listen) ? [] : [listen];
}

/** `HOST:PORT` under which this machine's own parts reach the server. */
export const addressOf = ({ host, port }: Pick<RunState, 'host' | 'port'>): string => `${host}:${port}`;
