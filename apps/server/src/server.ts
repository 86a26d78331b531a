import {
  componentPolicy,
  createControlPlane,
  createServiceDialer,
  machineAddresses,
  SigningKeys,
} from '@sampan/apiserver';
import { type Logger, messageOf } from '@sampan/base';
import {
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
  writeSettings,
} from '@sampan/home';
import { type ClusterNetwork, endpointAddressOf, publishDns } from '@sampan/network';
import { openSqliteStore, type Store } from '@sampan/store';
import { type Bound, bind } from './bind.ts';
import { keepCertificates } from './certificates.ts';
import { startControllersOf } from './controllers.ts';
import { copyObjects } from './copy-objects.ts';
import { openDescriptions } from './descriptions.ts';
import { Gate } from './gate.ts';
import { forwardToGuests, isForGuest } from './guests/forward-to-guests.ts';
import { startGuests } from './guests/start-guests.ts';
import { followHostNode } from './host-node.ts';
import { createHostNodeProxy } from './host-node-proxy.ts';
import { forwardToHub, isForHub } from './hub/forward-to-hub.ts';
import { startHostHub } from './hub/host-hub.ts';
import { installHubKinds } from './hub/install-kinds.ts';
import { provideContent } from './hub/provide-content.ts';
import type { StartedHub } from './hub/start-hub.ts';
import type { ServerOptions } from './options.ts';
import { chooseNetwork } from './pod-network.ts';
import type { Forwarder } from './processes/forwarder.ts';
import { openPrograms } from './processes/programs.ts';
import { followRevoked } from './revoked-certificates.ts';
import { startSchedulerOf } from './scheduler.ts';
import { becomeServiceUser, ensureServiceUser, giveHome } from './service-user.ts';
import { KUBERNETES_VERSION, SAMPAN_VERSION } from './version.ts';

export interface RunningServer {
  readonly port: number;
  /** The port that was to be used but was taken. */
  readonly portTaken: number | undefined;
  /** Undefined: it was not wanted. */
  readonly hub: StartedHub | undefined;
  readonly log: Logger;
  /** Ends connections, commits what is pending and gives the home back; may be called twice. */
  stop(): Promise<void>;
}

/** What needs privilege, or the way to a home that only root can reach: done before root is given up. */
interface Prepared {
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

/**
 * Starts a server on a home; resolves when it is ready. Changes the process: its folder becomes the home and,
 * for root, its user the service user. Throws SampanErrors.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const prepared = await prepare(options);
  try {
    return await serve(options, prepared);
  } catch (error) {
    await prepared.release();
    throw error;
  }
}

async function prepare(options: ServerOptions): Promise<Prepared> {
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
      writeSettings(home, {
        ...settings,
        port: state.port,
        ...(index === undefined ? {} : { network: index }),
      });
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

async function serve(options: ServerOptions, prepared: Prepared): Promise<RunningServer> {
  const { home, log, pki, store, gate, bound, state, keepState, network, release } = prepared;
  const descriptions = openDescriptions();
  dropRoot(log);
  const serverAddress = `${state.host}:${state.port}`;
  const hostHub = options.hub
    ? startHostHub({ ...{ home, log, keepState }, wanted: options.hubPort, address: serverAddress })
    : undefined;
  prepared.onRelease(() => hostHub?.stop());
  const keys = new SigningKeys(pki.serviceAccountKey);
  const revoked = followRevoked(home, log, bound.listener.cut);
  const plane = await createControlPlane({
    store,
    clientCa: pki.authority.certificatePem,
    isRevoked: (certificate) => revoked.has(certificate),
    keys,
    frontProxy: pki.frontProxy,
    version: KUBERNETES_VERSION,
    log,
    legacyApis: options.legacyApis,
    policy: componentPolicy,
    dialer: (reader) =>
      createServiceDialer({
        reader,
        ...(network ? { reach: (ip, mayReach) => endpointAddressOf(network, ip, mayReach) } : {}),
        machineAddresses,
        allowedHosts: prepared.webhookHosts,
      }),
    ...(network ? { nodeProxy: (reader) => createHostNodeProxy(home, network, reader) } : {}),
    externalAddress: serverAddress,
    ...(descriptions ? { descriptions } : {}),
    reports: { '/sampan/status': () => ({ version: SAMPAN_VERSION, ...store.stats() }) },
    actions: {
      '/sampan/backup': () => copyObjects(home, store),
      ...(hostHub ? { '/sampan/backup/hub': () => hostHub.copy() } : {}),
    },
  });
  const address = network?.link.host;
  const [stopControllers] = await Promise.all([
    startControllersOf(plane, {
      pki,
      keys,
      log,
      legacyApis: options.legacyApis,
      port: state.port,
      ...(address ? { address } : {}),
      ...(hostHub ? { pullSecret: hostHub.pullSecret } : {}),
    }),
    network &&
      publishDns(plane.client('sampan-server'), network).catch((error: unknown) =>
        log.error('the Service of cluster DNS could not be made', { error: messageOf(error) }),
      ),
  ]);
  const stopScheduler = options.scheduler ? startSchedulerOf(plane, log) : async () => {};
  const stopNode = network ? followHostNode(plane, home, log) : () => {};
  const stopRenewal = keepCertificates(home, bound.listener, log, listenNames(options.listen));
  if (hostHub) await installHubKinds(plane.client('sampan-hub'));
  const stopContent = hostHub
    ? provideContent({ plane, socketPath: home.hub.socket, ready: () => hostHub.process.start(), log })
    : async () => {};
  const guests = await startGuests({
    plane,
    address: serverAddress,
    version: KUBERNETES_VERSION,
    nodeHome: network ? options.home : undefined,
    hasHub: options.hub,
    log,
  });
  const forwarders: (readonly [isFor: (url: string) => boolean, forwarder: Forwarder])[] = [
    [isForGuest, forwardToGuests(home.guestsSocket, () => guests.process.ready())],
    ...(hostHub ? [[isForHub, forwardToHub(home.hub.socket, () => hostHub.process.start())] as const] : []),
  ];
  const forwarderFor = (url = '') => forwarders.find(([isFor]) => isFor(url))?.[1];
  gate.open(
    (request, response) =>
      void (forwarderFor(request.url)?.request(request, response) ?? plane.api.handle(request, response)),
    (request, socket, head) =>
      void (
        forwarderFor(request.url)?.upgrade(request, socket, head) ??
        plane.api.handleUpgrade(request, socket, head)
      ),
  );
  hostHub?.process.apiAnswers();
  const hub = await hostHub?.started;
  keepState({ state: 'ready' });
  log.info('ready', {
    version: state.version,
    port: state.port,
    home: options.home,
    objects: store.stats().objects,
  });
  return {
    port: state.port,
    portTaken: bound.taken,
    hub,
    log,
    stop: once(async () => {
      log.info('stopping');
      stopRenewal();
      revoked.close();
      for (const [, forwarder] of forwarders) forwarder.close();
      await stopContent();
      await hostHub?.stop();
      await guests.stop();
      stopNode();
      await stopScheduler();
      await stopControllers();
      await bound.listener.close();
      plane.stop();
      await release();
    }),
  };
}

function dropRoot(log: Logger): void {
  if (process.getuid?.() !== 0) return;
  const user = ensureServiceUser();
  giveHome('.', user);
  becomeServiceUser(user);
  log.info('gave up root', { user: user.name, uid: user.uid });
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
function listenNames(listen: string): string[] {
  return ANY_ADDRESS.includes(listen) ? [] : [listen];
}

function once(task: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= task();
    return running;
  };
}
