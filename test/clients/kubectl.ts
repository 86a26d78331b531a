import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { cacheFolder } from '../../tools/upstream/cache.ts';

/** What a command answered. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  /** Standard input. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The words of a command, or a text that is split at spaces. */
export type Command = string | readonly string[];

const words = (command: Command): string[] =>
  typeof command === 'string' ? command.split(' ') : [...command];

const TIMEOUT_MS = 60_000;

/** One kubectl on one server, with a folder, a discovery cache and a namespace of its own. */
export class Kubectl {
  /** Beside the kubeconfig, and gone with it at the latest. */
  readonly folder: string;
  readonly #program: string;
  readonly #kubeconfig: string;

  constructor(program: string, kubeconfig: string) {
    this.#program = program;
    this.#kubeconfig = kubeconfig;
    this.folder = mkdtempSync(join(dirname(kubeconfig), 'kubectl-'));
  }

  /** Runs a command and gives what it wrote; throws with its errors when it fails. */
  async run(command: Command, options: RunOptions = {}): Promise<string> {
    const { code, out, err } = await this.try(command, options);
    if (code !== 0) throw new Error(`kubectl ${words(command).join(' ')} ended with ${code}: ${err}${out}`);
    return out.trimEnd();
  }

  /** Runs a command that must fail and gives its error text. */
  async fail(command: Command, options: RunOptions = {}): Promise<string> {
    const { code, out, err } = await this.try(command, options);
    if (code === 0) throw new Error(`kubectl ${words(command).join(' ')} should have failed: ${out}`);
    return err.trimEnd();
  }

  try(command: Command, { input, env }: RunOptions = {}): Promise<Outcome> {
    return new Promise((resolve) => {
      const child = execFile(
        this.#program,
        words(command),
        { env: { ...this.#env(), ...env }, cwd: this.folder, timeout: TIMEOUT_MS },
        (error, out, err) => {
          const code = error ? (typeof error.code === 'number' ? error.code : -1) : 0;
          resolve({ code, out, err });
        },
      );
      child.stdin?.end(input ?? '');
    });
  }

  /** Starts a command that goes on, such as a watch; end it by `kill`. */
  start(command: Command): { readonly child: ChildProcess; output(): string } {
    const child = spawn(this.#program, words(command), {
      env: this.#env(),
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
    return { child, output: () => output };
  }

  json<T = Record<string, unknown>>(command: Command): Promise<T> {
    return this.run([...words(command), '-o', 'json']).then((text) => JSON.parse(text) as T);
  }

  /** Writes a manifest, JSON being YAML too. Gives its path. */
  file(name: string, ...objects: readonly unknown[]): string {
    const path = join(this.folder, name);
    const [only] = objects;
    const content = objects.length === 1 ? only : { apiVersion: 'v1', kind: 'List', items: objects };
    writeFileSync(path, JSON.stringify(content));
    return path;
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #env(): Record<string, string> {
    return { PATH: process.env.PATH ?? '', HOME: this.folder, KUBECONFIG: this.#kubeconfig };
  }
}

/** A kubectl that can be had here. */
export interface KubectlProgram {
  readonly name: string;
  readonly program: string;
}

/** The machine's kubectl, and those that were built beside the upstream servers. Says which are missing. */
export function kubectls(): KubectlProgram[] {
  const wanted = [
    { name: "the machine's kubectl", program: onPath('kubectl') },
    { name: 'kubectl 1.36', program: join(cacheFolder(), 'upstream-apiextensions', 'kubectl') },
    { name: 'kubectl 1.20.2', program: join(cacheFolder(), 'upstream-kubernetes', 'kubectl') },
  ];
  return wanted.filter(({ name, program }) => {
    const found = existsSync(program);
    if (!found) console.log(`${name} is not tested: ${program} is missing`);
    return found;
  });
}

function onPath(name: string): string {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file)) ?? name;
}
