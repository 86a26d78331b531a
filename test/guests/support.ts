import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type KubeObject, StatusError } from '@sampan/api';
import { CLUSTERS, type Cluster, type ClusterSpec } from '@sampan/clusters';
import { type HomeLayout, homeLayout } from '@sampan/home';
import { HttpClient, issueCertificate, loadCertificateAuthority, REFS } from '@sampan/machinery';
import { type Sampan, startSampan } from '../support/sampan.ts';

const WAIT_MS = 60_000;
const LOOK_MS = 25;

export type ConfigMap = KubeObject & { data?: Record<string, string> };

/** A home with guest clusters: its server may be ended, killed and started again. */
export class GuestHome {
  readonly folder = mkdtempSync(join(tmpdir(), 'sampan-guests-'));
  readonly home = join(this.folder, 'home');
  #sampan: Sampan | undefined;
  /** The same after each start. */
  #port = 0;
  #client: HttpClient | undefined;

  get layout(): HomeLayout {
    return homeLayout(this.home);
  }

  get sampan(): Sampan {
    if (!this.#sampan) throw new Error('it does not run');
    return this.#sampan;
  }

  /** Of the host cluster. */
  get client(): HttpClient {
    if (!this.#client) throw new Error('it does not run');
    return this.#client;
  }

  async start(): Promise<void> {
    // the server's user opens databases by their paths
    chmodSync(this.folder, 0o711);
    this.#sampan = await startSampan({ home: this.home, port: this.#port });
    this.#port = Number(new URL(this.#sampan.url).port);
    this.#client = new HttpClient(this.#sampan, { name: 'test' });
  }

  async stop(): Promise<void> {
    const running = this.#sampan;
    this.#sampan = undefined;
    await running?.stop();
  }

  /** SIGKILL; what it had under way is lost. */
  async kill(): Promise<void> {
    const { pid } = this.sampan;
    const guests = this.guestsPid();
    process.kill(pid, 'SIGKILL');
    if (guests !== undefined) killIfThere(guests);
    const killed = this.#sampan;
    this.#sampan = undefined;
    await killed?.stop().catch(() => {});
  }

  /** Ends only the process that holds guests. */
  killGuests(): void {
    const pid = this.guestsPid();
    if (pid === undefined) throw new Error('there is no guests process');
    process.kill(pid, 'SIGKILL');
  }

  /** Of the child that holds guests. */
  guestsPid(): number | undefined {
    const children = readFileSync(`/proc/${this.sampan.pid}/task/${this.sampan.pid}/children`, 'utf8');
    return children
      .split(' ')
      .filter((pid) => pid !== '')
      .map(Number)
      .find((pid) => commandOf(pid).includes('/guests/'));
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  create(name: string, spec: ClusterSpec = {}): Promise<Cluster> {
    const object: Cluster = {
      apiVersion: 'clusters.sampan.dev/v1',
      kind: 'Cluster',
      metadata: { name },
      spec,
    };
    return this.client.create<Cluster>(CLUSTERS, object);
  }

  ask(name: string, spec: { readonly [K in keyof ClusterSpec]: ClusterSpec[K] | null }): Promise<Cluster> {
    return this.client.patch<Cluster>(CLUSTERS, undefined, name, 'merge', { spec });
  }

  remove(name: string): Promise<void> {
    return this.client.delete(CLUSTERS, undefined, name);
  }

  /** undefined: there is none. */
  async cluster(name: string): Promise<Cluster | undefined> {
    return orMissing(this.client.get<Cluster>(CLUSTERS, undefined, name));
  }

  /** Waits for a cluster to be as it should. */
  async until(name: string, is: (cluster: Cluster) => boolean | undefined): Promise<Cluster> {
    let seen: Cluster | undefined;
    for (const end = Date.now() + WAIT_MS; Date.now() < end; await sleep(LOOK_MS)) {
      seen = await this.cluster(name);
      if (seen && is(seen)) return seen;
    }
    throw new Error(`it did not become so: ${JSON.stringify(seen?.status)}`);
  }

  async untilGone(name: string): Promise<void> {
    for (const end = Date.now() + WAIT_MS; Date.now() < end; await sleep(LOOK_MS))
      if ((await this.cluster(name)) === undefined) return;
    throw new Error(`${name} is still there`);
  }

  running = (name: string): Promise<Cluster> => this.until(name, ({ status }) => status?.phase === 'Running');

  /** The administrator of a cluster, by a certificate of the authority that signs now. */
  guest(name: string): HttpClient {
    const text = readFileSync(join(this.layout.clusters, name, 'keys.json'), 'utf8');
    const { caCertificate, caKey } = JSON.parse(text) as { caCertificate: string; caKey: string };
    const { certificatePem, privateKeyPem = '' } = issueCertificate(
      loadCertificateAuthority(caCertificate, caKey),
      {
        subject: { commonName: 'admin', organizations: ['system:masters'] },
        usages: ['client auth'],
      },
    );
    const { url, ca } = this.sampan;
    const connection = { url: `${url}/clusters/${name}`, ca, cert: certificatePem, key: privateKeyPem };
    return new HttpClient(connection, { name: 'test' });
  }

  /** Names in the folder of clusters. */
  folders(): readonly string[] {
    return readdirSync(this.layout.clusters, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  }
}

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // it ended meanwhile
    return '';
  }
};

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function orMissing<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof StatusError && error.code === 404) return undefined;
    throw error;
  }
}

export const configMap = (name: string, data: Record<string, string> = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data,
});

/** Names of what a test wrote. */
export async function written(client: HttpClient): Promise<readonly string[]> {
  const { items } = await client.list<ConfigMap>(REFS.configMaps, { namespace: 'default' });
  return items
    .map(({ metadata }) => metadata.name ?? '')
    .filter((name) => name !== 'kube-root-ca.crt')
    .toSorted();
}

let last = 0;
/** A time that was not asked with before. */
export function anew(): string {
  last = Math.max(last + 1000, Date.now());
  return `${new Date(last).toISOString().slice(0, 19)}Z`;
}

export const codeOf = (promise: Promise<unknown>): Promise<number | string> =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof StatusError ? error.code : String(error)),
  );
