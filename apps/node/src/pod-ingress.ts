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

const folderOf = (home: HomeLayout): string => join(home.node.root, 'ingress');

/** Serves the Ingresses of the host cluster, whose owner may lead the proxy wherever the machine reaches. */
export function serveIngress({ home, ...options }: ServeIngressOptions): RunningIngress {
  const client = new HttpClient(componentConnection(home, 'ingress'), { name: 'sampan-ingress' });
  const running = startIngress({
    ...options,
    client,
    folder: folderOf(home),
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

/** Ends the proxy of a home, which runs on when the node process ends. */
export const endHomeIngress = (home: HomeLayout): Promise<void> => endIngress(folderOf(home));
