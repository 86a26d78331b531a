import { SigningKeys } from '@sampan/apiserver';
import { type Logger, messageOf } from '@sampan/base';
import { publishDns } from '@sampan/network';
import { keepCertificates } from './certificates.ts';
import { startControllersOf } from './controllers.ts';
import { openDescriptions } from './descriptions.ts';
import { forwardToGuests, isForGuest } from './guests/forward-to-guests.ts';
import { startGuests } from './guests/start-guests.ts';
import { followHostNode } from './host-node.ts';
import { forwardToHub, isForHub } from './hub/forward-to-hub.ts';
import { startHostHub } from './hub/host-hub.ts';
import { installHubKinds } from './hub/install-kinds.ts';
import { provideContent } from './hub/provide-content.ts';
import type { StartedHub } from './hub/start-hub.ts';
import { type OtherWay, openGate } from './open-gate.ts';
import { openPlane } from './open-plane.ts';
import type { ServerOptions } from './options.ts';
import { addressOf, listenNames, type Prepared, prepare } from './prepare.ts';
import { followRevoked } from './revoked-certificates.ts';
import { startSchedulerOf } from './scheduler.ts';
import { becomeServiceUser, ensureServiceUser, giveHome } from './service-user.ts';
import { KUBERNETES_VERSION } from './version.ts';

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

async function serve(options: ServerOptions, prepared: Prepared): Promise<RunningServer> {
  const { home, log, pki, store, gate, bound, state, keepState, network, release } = prepared;
  const descriptions = openDescriptions();
  dropRoot(log);
  const serverAddress = addressOf(state);
  const hostHub = options.hub
    ? startHostHub({ ...{ home, log, keepState }, wanted: options.hubPort, address: serverAddress })
    : undefined;
  prepared.onRelease(() => hostHub?.stop());
  const keys = new SigningKeys(pki.serviceAccountKey);
  const revoked = followRevoked(home, log, bound.listener.cut);
  const plane = await openPlane({ options, prepared, keys, revoked, descriptions, hostHub });
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
  const others: OtherWay[] = [
    { isFor: isForGuest, forwarder: forwardToGuests(home.guestsSocket, () => guests.process.ready()) },
  ];
  if (hostHub) {
    const forwarder = forwardToHub(home.hub.socket, () => hostHub.process.start());
    others.push({ isFor: isForHub, forwarder });
  }
  openGate(gate, plane, others);
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
      for (const { forwarder } of others) forwarder.close();
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

function once(task: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= task();
    return running;
  };
}
