import type { Logger } from '@sampan/base';
import { HttpClient } from '@sampan/machinery';
import {
  type ClusterNetwork,
  endIngress,
  haproxyUser,
  type RunningIngress,
  startIngress,
} from '@sampan/network';
import type { ClusterPlace } from './cluster-place.ts';

export interface ServeIngressOptions {
  readonly place: ClusterPlace;
  /** Ports of the machine that lead into the cluster. */
  readonly isTaken: (port: number) => boolean;
  readonly log: Logger;
}

/** Not in the home, where the proxy's user has no business. */
const runFolder = (network: ClusterNetwork): string => `/run/sampan/${network.name}/ingress`;

/** Serves the Ingresses of the host cluster, whose owner may lead the proxy wherever the machine reaches. */
export function serveIngress({ place, ...options }: ServeIngressOptions): RunningIngress {
  const { network, folders } = place;
  const client = new HttpClient(place.connection('ingress'), { name: 'sampan-ingress' });
  const running = startIngress({
    ...options,
    client,
    network,
    folder: folders.ingress,
    runFolder: runFolder(network),
    user: haproxyUser,
    mayReach: () => true,
  });
  return {
    ready: running.ready,
    get ports() {
      return running.ports;
    },
    stop: async (how) => {
      await running.stop(how);
      client.close();
    },
  };
}

/** Ends the proxy of a cluster, which runs on when the node process ends. */
export const endClusterIngress = (network: ClusterNetwork): Promise<void> => endIngress(runFolder(network));
