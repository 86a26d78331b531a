/** How others fare while one cluster is asked for all it has, as fast as it answers. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Access } from '../apiserver/http.ts';
import { timed } from './measured.ts';

const CONNECTIONS = 8;
/** Between two reads of one subject. */
const PAUSE_MS = 20;

export interface BesideNoise<Name extends string> {
  /** Of reads, by subject. */
  readonly times: Readonly<Record<Name, number[]>>;
  readonly lists: number;
  readonly refused: number;
}

/** Reads namespaces of each subject again and again while another process lists `noisy`. */
export async function readsBesideNoise<Name extends string>(
  noisy: { readonly access: Access; readonly path: string },
  subjects: Readonly<Record<Name, Access>>,
  seconds: number,
): Promise<BesideNoise<Name>> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-noise-'));
  try {
    const { access, path } = noisy;
    const write = (name: string, text = '') => writeFileSync(join(folder, name), text, { mode: 0o600 });
    write('ca.crt', access.ca);
    write('client.crt', access.cert);
    write('client.key', access.key);
    const program = join(import.meta.dirname, 'noise.ts');
    const args = [program, access.url + path, folder, String(CONNECTIONS)];
    const told = new Promise<string>((resolve, reject) => {
      const noise = execFile(process.execPath, args, (error, stdout) =>
        error ? reject(error) : resolve(stdout),
      );
      // the clients that are measured share this machine with it
      if (noise.pid !== undefined) setPriority(noise.pid, 10);
      void sleep((seconds + 2) * 1000).then(() => noise.kill('SIGTERM'));
    });
    await sleep(2000);
    const until = performance.now() + seconds * 1000;
    const names = Object.keys(subjects) as Name[];
    const measured = await Promise.all(names.map((name) => readUntil(subjects[name], until)));
    const times = Object.fromEntries(names.map((name, index) => [name, measured[index] ?? []]));
    const { lists, refused } = JSON.parse(await told) as { lists: number; refused: number };
    return { times: times as Record<Name, number[]>, lists, refused };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** On one connection, as clients keep theirs. */
async function readUntil({ url, ca, cert = '', key = '' }: Access, until: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca, cert, key });
  const times: number[] = [];
  // the first one also connects
  await read(agent, url);
  while (performance.now() < until) {
    times.push(await timed(() => read(agent, url)));
    await sleep(PAUSE_MS);
  }
  agent.destroy();
  return times;
}

function read(agent: Agent, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/api/v1/namespaces/default`, { agent }, (answer) => {
      answer.resume();
      answer.once('end', () =>
        answer.statusCode === 200 ? resolve() : reject(new Error(`${answer.statusCode}`)),
      );
    });
    asked.once('error', reject);
    asked.end();
  });
}
