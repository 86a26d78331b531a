import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '@sampan/base';
import { type ControllerGroup, type Controllers, startControllers } from '@sampan/controllers';
import {
  type CertificateAuthority,
  type Client,
  createCertificateAuthority,
  HttpClient,
} from '@sampan/machinery';
import { startKubernetes } from '../../tools/upstream/kubernetes.ts';
import { startPlane } from '../support/plane.ts';

/** A server with Sampan's controllers on it. */
export interface ControlledServer {
  readonly ownService: boolean;
  /** What the controllers use. */
  readonly client: Client;
  /** For kubectl. */
  readonly kubeconfig: string;
  readonly signer: CertificateAuthority;
  readonly warnings: readonly string[];
  stop(): Promise<void>;
}

interface Started {
  /** Makes the Service `kubernetes` itself, and does not know EndpointSlices and other kinds of v1 yet. */
  readonly ownService?: boolean;
  client(name: string): Client;
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

/** The servers that every controller must work against. */
export const SERVERS = {
  /** Sampan through the in-process client. */
  async inProcess(): Promise<Started> {
    const plane = await startPlane();
    return {
      client: (name) => plane.control.client(name),
      kubeconfig: plane.kubeconfig,
      stop: () => plane.close(),
    };
  },
  /** Sampan through the HTTP client, initial lists by WatchList. */
  async http(): Promise<Started> {
    const plane = await startPlane();
    return { ...overHttp(plane), kubeconfig: plane.kubeconfig, stop: () => plane.close() };
  },
  /** kube-apiserver 1.20.2 through the HTTP client. */
  async upstream(): Promise<Started> {
    const upstream = await startKubernetes();
    return {
      ...overHttp(upstream),
      ownService: true,
      kubeconfig: upstream.kubeconfig,
      stop: () => upstream.stop(),
    };
  },
};

/**
 * Groups whose kinds a server of 1.20 does not have in v1; and nodes, about which it takes new Events in kube-system
 * only (today also in default, where they are).
 */
const NEEDS_NEWER: readonly ControllerGroup[] = [
  'autoscaling',
  'cronjobs',
  'disruption',
  'endpoints',
  'nodes',
];

function overHttp({ url, ca, cert, key }: { url: string; ca: string; cert: string; key: string }) {
  return { client: (name: string): Client => new HttpClient({ url, ca, cert, key }, { name }) };
}

export async function startControlled(start: () => Promise<Started>): Promise<ControlledServer> {
  const server = await start();
  const signer = createCertificateAuthority('controllers-test');
  const warnings: string[] = [];
  const clients: Client[] = [];
  let controllers: Controllers | undefined;
  const stop = async () => {
    await controllers?.stop();
    for (const client of clients) if (client instanceof HttpClient) client.close();
    await server.stop();
  };
  try {
    controllers = startControllers({
      client: (name) => {
        const client = server.client(name);
        clients.push(client);
        return client;
      },
      log: {
        ...silentLogger,
        warn: (message, fields) => warnings.push(`${message} ${JSON.stringify(fields)}`),
      },
      rootCa: signer.certificatePem,
      signer,
      issueToken: (account) => `token-of-${account.metadata.name}`,
      ...(server.ownService
        ? { without: NEEDS_NEWER }
        : { apiService: { clusterIP: '10.96.0.1', address: '192.0.2.1', port: 6443 } }),
    });
    await within(30_000, controllers.synced);
  } catch (error) {
    await stop();
    throw error;
  }
  const client = server.client('controllers-test');
  clients.push(client);
  const ownService = server.ownService === true;
  return { ownService, client, kubeconfig: server.kubeconfig, signer, warnings, stop };
}

/** A controller that never sees its resource must not leave servers behind. */
function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const late = sleep(ms, undefined, { ref: false }).then(() => {
    throw new Error(`the controllers have not synced in ${ms} ms`);
  });
  return Promise.race([work, late]);
}

/** Tries until `probe` gives something; fails with what it threw or gave last. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  ms = 60_000,
): Promise<T> {
  const deadline = performance.now() + ms;
  let last: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`${what}: not within ${ms} ms`, { cause: last });
    await sleep(20);
  }
}
