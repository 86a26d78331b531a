import { join } from 'node:path';
import type { Logger } from '@sampan/base';
import type { HomeLayout } from '@sampan/home';
import { HttpClient } from '@sampan/machinery';
import {
  type ClusterNetwork,
  endIngress,
  haproxyUser,
  type RunningIngress,
  startIngress,
} from '@sampan/network';
import { componentConnection } from './api-connection.ts';

export interface ServeIngressOptions {
  readonly home: HomeLayout;
  readonly network: ClusterNetwork;
  /** Ports of the machine that lead into the cluster. */
  readonly isTaken: (port: number) => boolean;
  readonly log: Logger;
}

/** Not in the home, where the proxy's user has no business. */
const runFolder = (network: ClusterNetwork): string => `/run/sampan/${network.name}/ingress`;

/** Serves the Ingresses of the host cluster, whose owner may lead the proxy wherever the machine reaches. */
export function serveIngress({ home, network, ...options }: ServeIngressOptions): RunningIngress {
  const client = new HttpClient(componentConnection(home, 'ingress'), { name: 'sampan-ingress' });
  const running = startIngress({
    ...options,
    client,
    network,
    folder: join(home.node.root, 'ingress'),
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
