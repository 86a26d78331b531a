/** The two registries that are compared, each a process of its own on the same disk. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCertificateAuthority, issueCertificate } from '@sampan/machinery';
import { freePorts } from '../../tools/upstream/child.ts';
import { RawConnection } from './raw-connection.ts';

export interface BenchedRegistry {
  readonly name: 'Sampan' | 'distribution';
  readonly port: number;
  readonly pid: number;
  /** It, and those that work for it. */
  readonly pids: readonly number[];
  /** PEM of whom to trust; absent: it speaks plain HTTP. */
  readonly ca?: string;
  /** Sent with each request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Ends it and removes what it stored. */
  stop(): Promise<void>;
}

/** Where pushes and pulls of blobs go. */
export const REPOSITORY = 'bench/app';

/** On the disk that is measured, not one in memory. */
const scratch = (): string => mkdtempSync(join(tmpdir(), 'bench-hub-'));

async function end(child: ChildProcess, folder: string): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
  rmSync(folder, { recursive: true });
}

/** With its token service: each request's signature is checked. */
export async function startSampan(): Promise<BenchedRegistry> {
  const folder = scratch();
  const program = join(import.meta.dirname, 'hub-server.ts');
  const child = spawn(process.execPath, [program, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { port, login } = JSON.parse(line.toString()) as { port: number; login: string };
  const scopes = [REPOSITORY, 'bench/tags'].map((name) => `repository:${name}:pull,push,delete`);
  const query = new URLSearchParams(scopes.map((scope) => ['scope', scope]));
  const answer = await fetch(`http://127.0.0.1:${port}/hub/token?${query}`, {
    headers: { authorization: `Basic ${Buffer.from(login).toString('base64')}` },
  });
  const { token } = (await answer.json()) as { token: string };
  return {
    name: 'Sampan',
    port,
    pid: child.pid ?? 0,
    pids: [child.pid ?? 0],
    headers: { authorization: `Bearer ${token}` },
    stop: () => end(child, folder),
  };
}

/** Debian's docker-registry as its package configures it, but without passwords and a log of requests: all the faster. */
export async function startDistribution({ isSecure = false } = {}): Promise<BenchedRegistry> {
  const folder = scratch();
  const [port = 0] = await freePorts(1);
  const file = join(folder, 'config.yml');
  const ca = isSecure ? certify(folder) : undefined;
  writeFileSync(file, configOf(folder, port, isSecure));
  const child = spawn(distributionProgram(), ['serve', file], { stdio: 'ignore' });
  for (let tries = 0; !(await answers(port, ca)); tries++) {
    if (tries > 200) throw new Error('docker-registry does not answer');
    await sleep(50);
  }
  const pid = child.pid ?? 0;
  const stop = () => end(child, folder);
  return { name: 'distribution', port, pid, pids: [pid], ...(ca ? { ca } : {}), headers: {}, stop };
}

async function answers(port: number, ca: string | undefined): Promise<boolean> {
  const connection = new RawConnection(port, ca);
  try {
    const { status } = await connection.request('GET', '/v2/', {});
    return status === 200;
  } catch {
    return false;
  } finally {
    connection.close();
  }
}

/** Keys as Sampan makes them for itself, beside the configuration; PEM of whom to trust. */
function certify(folder: string): string {
  const authority = createCertificateAuthority('bench');
  const { certificatePem, privateKeyPem = '' } = issueCertificate(authority, {
    subject: { commonName: 'registry', organizations: [] },
    usages: ['server auth'],
    ipAddresses: ['127.0.0.1'],
  });
  writeFileSync(join(folder, 'tls.crt'), certificatePem);
  writeFileSync(join(folder, 'tls.key'), privateKeyPem, { mode: 0o600 });
  return authority.certificatePem;
}

const tlsOf = (folder: string): string =>
  `, tls: {certificate: ${join(folder, 'tls.crt')}, key: ${join(folder, 'tls.key')}}`;

const configOf = (folder: string, port: number, isSecure: boolean): string => `version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage:
  cache: {blobdescriptor: inmemory}
  filesystem: {rootdirectory: ${join(folder, 'data')}}
  delete: {enabled: true}
http: {addr: '127.0.0.1:${port}'${isSecure ? tlsOf(folder) : ''}}
`;

/** Unpacked rather than installed: the package would start a service of its own. */
function distributionProgram(): string {
  const folder = join(homedir(), '.cache', 'sampan', 'bench', 'docker-registry');
  const program = join(folder, 'usr', 'bin', 'docker-registry');
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  execFileSync('apt-get', ['download', 'docker-registry'], { cwd: folder, stdio: 'inherit' });
  execFileSync('sh', ['-c', 'dpkg-deb -x docker-registry_*.deb . && rm docker-registry_*.deb'], {
    cwd: folder,
  });
  return program;
}
