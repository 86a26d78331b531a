import type { Descriptions } from '@sampan/api';
import {
  type ControlPlane,
  componentPolicy,
  createControlPlane,
  createServiceDialer,
  type SigningKeys,
} from '@sampan/apiserver';
import { machineAddresses } from '@sampan/machinery';
import { endpointAddressOf } from '@sampan/network';
import { copyObjects } from './copy-objects.ts';
import { createHostNodeProxy } from './host-node-proxy.ts';
import type { HostHub } from './hub/host-hub.ts';
import type { ServerOptions } from './options.ts';
import { addressOf, type Prepared } from './prepare.ts';
import type { RevokedCertificates } from './revoked-certificates.ts';
import { KUBERNETES_VERSION, SAMPAN_VERSION } from './version.ts';

export interface PlaneNeeds {
  readonly options: ServerOptions;
  readonly prepared: Prepared;
  readonly keys: SigningKeys;
  readonly revoked: RevokedCertificates;
  /** Undefined: they were not built. */
  readonly descriptions: (() => Descriptions) | undefined;
  readonly hostHub: HostHub | undefined;
}

/** Opens the host cluster's API over its store. */
export function openPlane({
  options,
  prepared,
  keys,
  revoked,
  descriptions,
  hostHub,
}: PlaneNeeds): Promise<ControlPlane> {
  const { home, log, pki, store, state, network, webhookHosts } = prepared;
  return createControlPlane({
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
        allowedHosts: webhookHosts,
      }),
    ...(network ? { nodeProxy: (reader) => createHostNodeProxy(home, network, reader) } : {}),
    externalAddress: addressOf(state),
    ...(descriptions ? { descriptions } : {}),
    reports: { '/sampan/status': () => ({ version: SAMPAN_VERSION, ...store.stats() }) },
    actions: {
      '/sampan/backup': () => copyObjects(home, store),
      ...(hostHub ? { '/sampan/backup/hub': () => hostHub.copy() } : {}),
    },
  });
}
