import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashPassword } from '@sampan/hub';

const PASSWORD = 'correct horse';

export const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

export const digestOf = (bytes: Uint8Array): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A hub in a process of its own, with the project `a` and its administrator `dev`: to be killed or weighed. */
export class HubProcess implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.#exited = once(child, 'exit');
    this.url = url;
  }

  static async start(folder: string): Promise<HubProcess> {
    const program = join(import.meta.dirname, 'hub-server.ts');
    const child = spawn(process.execPath, [program, folder, await hash], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    return new HubProcess(child, line.toString().trim());
  }

  /** A token to pull from and push to `a/b`. */
  async logIn(): Promise<string> {
    const authorization = `Basic ${Buffer.from(`dev:${PASSWORD}`).toString('base64')}`;
    const scope = new URLSearchParams({ scope: 'repository:a/b:pull,push' });
    const login = await fetch(`${this.url}/hub/token?${scope}`, { headers: { authorization } });
    return ((await login.json()) as { token: string }).token;
  }

  /** Resident memory in bytes: now, and the most there was. */
  memory(): { now: number; most: number } {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
    return { now: kilobytes('VmRSS') * 1024, most: kilobytes('VmHWM') * 1024 };
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

const hash = hashPassword(PASSWORD);

/** Requests below the repository `a/b`, or to a `Location`. */
export function requestsTo(url: string, token: string) {
  return (method: string, path: string, body?: Uint8Array<ArrayBuffer> | string, headers = {}) =>
    fetch(path.startsWith('/v2/') ? url + path : `${url}/v2/a/b/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...headers },
      ...(body === undefined ? {} : { body }),
    });
}
