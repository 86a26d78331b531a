import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';

export type DialResult = string;

interface Question {
  readonly protocol: 'tcp' | 'udp';
  readonly ip: string;
  readonly port: number;
}

/**
 * Connects from within a network namespace. One process for each namespace answers many questions at once: what the
 * other side said, `refused`, or `timeout` when nothing came.
 */
export class Dialer {
  readonly #child;
  readonly #lines: Interface;
  readonly #waiting = new Map<number, (answer: DialResult) => void>();
  #next = 0;

  /** Default: the process's own namespace; `cgroup`: a folder of the cgroup file system to be in. */
  constructor(netns?: string, cgroup?: string) {
    const script = join(import.meta.dirname, 'dial-server.ts');
    const enter = netns === undefined ? [] : ['nsenter', `--net=${netns}`, '--'];
    const move =
      cgroup === undefined ? [] : ['sh', '-c', `echo $$ > ${cgroup}/cgroup.procs && exec "$@"`, 'sh'];
    const [command = '', ...args] = [...enter, ...move, process.execPath, script];
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout });
    this.#lines.on('line', (line) => {
      const { id, answer } = JSON.parse(line) as { id: number; answer: DialResult };
      this.#waiting.get(id)?.(answer);
      this.#waiting.delete(id);
    });
  }

  dial(
    ip: string,
    port: number,
    protocol: Question['protocol'] = 'tcp',
    timeoutMs = 4000,
  ): Promise<DialResult> {
    const id = this.#next++;
    const { promise, resolve } = Promise.withResolvers<DialResult>();
    this.#waiting.set(id, resolve);
    this.#child.stdin.write(`${JSON.stringify({ id, ip, port, protocol, timeoutMs })}\n`);
    return promise;
  }

  close(): void {
    this.#lines.close();
    this.#child.kill('SIGKILL');
  }
}
