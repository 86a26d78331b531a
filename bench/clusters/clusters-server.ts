/** Sampan's server as users run it, on a home of its own, with guest clusters in it. */
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeLayout } from '@sampan/home';
import { issueCertificate, loadCertificateAuthority } from '@sampan/machinery';
import { type Child, freePorts, startChild } from '../../tools/upstream/child.ts';
import { type Access, ask, must } from '../apiserver/http.ts';
import { startTimed } from '../apiserver/ready.ts';
import { ClusterWatch } from './cluster-watch.ts';

export const CLUSTERS = '/apis/clusters.sampan.dev/v1/clusters';

export class ClustersServer {
  readonly #folder: string;
  readonly #program: string;
  readonly #port: number;
  #child: Child | undefined;
  #watch: ClusterWatch | undefined;

  private constructor(folder: string, program: string, port: number) {
    this.#folder = folder;
    this.#program = program;
    this.#port = port;
  }

  static async start(program: string): Promise<ClustersServer> {
    const [port = 0] = await freePorts(1);
    const folder = mkdtempSync(join(tmpdir(), 'bench-clusters-'));
    // the server gives up root, and must reach its home then
    chmodSync(folder, 0o711);
    const server = new ClustersServer(folder, program, port);
    await server.start();
    return server;
  }

  /** Resolves with the milliseconds until `/readyz` answered 200. */
  async start(): Promise<number> {
    const args = [this.#program, '--home', this.#home, '--port', String(this.#port)];
    const log = join(this.#folder, 'server.log');
    const { child, startMs } = await startTimed(
      () => this.host(),
      () => startChild('sampan-server', process.execPath, args, log),
    );
    this.#child = child;
    return startMs;
  }

  /** As the administrator of the host cluster. */
  host(): Access {
    const read = (name: string) => readFileSync(join(this.#home, 'pki', name), 'utf8');
    const url = `https://127.0.0.1:${this.#port}`;
    return { url, ca: read('ca.crt'), cert: read('admin.crt'), key: read('admin.key') };
  }

  /** As a cluster's administrator, with a certificate made now. */
  guest(name: string): Access {
    const host = this.host();
    const file = join(homeLayout(this.#home).clusters, name, 'keys.json');
    const { caCertificate, caKey } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    const { certificatePem, privateKeyPem = '' } = issueCertificate(
      loadCertificateAuthority(caCertificate ?? '', caKey ?? ''),
      {
        subject: { commonName: 'admin', organizations: ['system:masters'] },
        usages: ['digital signature', 'client auth'],
      },
    );
    return { url: `${host.url}/clusters/${name}`, ca: host.ca, cert: certificatePem, key: privateKeyPem };
  }

  /** Resolves when it is as `phase` says; its spec is written first. */
  async create(name: string, spec: object, phase = 'Running'): Promise<void> {
    this.#watch ??= await ClusterWatch.start(this.host());
    const reached = this.#watch.reached(name, 1, phase);
    const object = { apiVersion: 'clusters.sampan.dev/v1', kind: 'Cluster', metadata: { name }, spec };
    await must(this.host(), 'POST', CLUSTERS, object);
    await reached;
  }

  /** Changes its spec; resolves when that is done. */
  async change(name: string, spec: object, phase: string): Promise<void> {
    this.#watch ??= await ClusterWatch.start(this.host());
    const changed = (await must(this.host(), 'PATCH', `${CLUSTERS}/${name}`, { spec })) as {
      metadata: { generation: number };
    };
    await this.#watch.reached(name, changed.metadata.generation, phase);
  }

  /** Puts it to sleep; the next request wakes it. */
  async putToSleep(name: string): Promise<void> {
    await this.change(name, { paused: true }, 'Sleeping');
    await this.change(name, { paused: false }, 'Sleeping');
  }

  /** The server process and the one that holds the guests. */
  get pids(): { readonly server: number; readonly guests: number } {
    const server = this.#child?.pid ?? 0;
    const children = readFileSync(`/proc/${server}/task/${server}/children`, 'utf8').trim().split(' ');
    const guests = children
      .map(Number)
      .find((pid) => /guests/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8')));
    if (guests === undefined) throw new Error('there is no guests process');
    return { server, guests };
  }

  async stop(): Promise<void> {
    this.#watch?.stop();
    this.#watch = undefined;
    await this.#child?.stop();
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #home(): string {
    return join(this.#folder, 'home');
  }
}

/** Throws unless it is answered with 200. */
export async function get(access: Access, path: string): Promise<void> {
  const { status, text } = await ask(access, 'GET', path);
  if (status !== 200) throw new Error(`GET ${access.url}${path} answered ${status}: ${text.slice(0, 300)}`);
}
