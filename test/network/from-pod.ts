import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const inside = (netns: string, script: string, ...args: string[]): ChildProcess =>
  spawn(
    'nsenter',
    [`--net=${netns}`, '--', process.execPath, '--input-type=module', '-e', script, '--', ...args],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );

const RESOLVE = `
import { Resolver } from 'node:dns/promises';
const resolver = new Resolver({ timeout: 2000, tries: 2 });
resolver.setServers([process.argv[1]]);
const answer = await resolver.resolve4(process.argv[2]).catch((error) => error.code);
console.log(JSON.stringify(answer));`;

/** The addresses of a name as a pod is told them, or the code of the failure. */
export async function resolveFrom(netns: string, server: string, name: string): Promise<unknown> {
  const child = inside(netns, RESOLVE, server, name);
  let text = '';
  for await (const chunk of child.stdout ?? []) text += chunk;
  return JSON.parse(text);
}

const FLOW = `
import { createSocket } from 'node:dgram';
const socket = createSocket('udp4');
socket.on('message', (data) => console.log(data.toString()));
socket.on('error', () => {});
setInterval(() => socket.send('hello', Number(process.argv[2]), process.argv[1]), 50);`;

/** A client that sends again and again from one port. */
export class UdpFlow {
  readonly #child: ChildProcess;
  #last = '';
  #count = 0;

  constructor(netns: string, ip: string, port: number) {
    this.#child = inside(netns, FLOW, ip, String(port));
    if (!this.#child.stdout) throw new Error('the flow has no output');
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.#last = line;
      this.#count++;
    });
  }

  /** How many answers came. */
  get count(): number {
    return this.#count;
  }

  /** The newest answer. */
  async last(): Promise<string> {
    return this.#last;
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }
}
