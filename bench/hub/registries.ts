/** The two registries that are compared, each a process of its own on the same disk. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../../tools/upstream/child.ts';

export interface BenchedRegistry {
  readonly name: 'Sampan' | 'distribution';
  readonly port: number;
  readonly pid: number;
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
    headers: { authorization: `Bearer ${token}` },
    stop: () => end(child, folder),
  };
}

/** Debian's docker-registry as its package configures it, but without passwords and a log of requests: all the faster. */
export async function startDistribution(): Promise<BenchedRegistry> {
  const folder = scratch();
  const [port = 0] = await freePorts(1);
  const file = join(folder, 'config.yml');
  writeFileSync(file, configOf(folder, port));
  const child = spawn(distributionProgram(), ['serve', file], { stdio: 'ignore' });
  const root = `http://127.0.0.1:${port}/v2/`;
  for (
    let tries = 0;
    !(await fetch(root).then(
      ({ ok }) => ok,
      () => false,
    ));
    tries++
  ) {
    if (tries > 200) throw new Error('docker-registry does not answer');
    await sleep(50);
  }
  return { name: 'distribution', port, pid: child.pid ?? 0, headers: {}, stop: () => end(child, folder) };
}

const configOf = (folder: string, port: number): string => `version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage:
  cache: {blobdescriptor: inmemory}
  filesystem: {rootdirectory: ${join(folder, 'data')}}
  delete: {enabled: true}
http: {addr: '127.0.0.1:${port}'}
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
