import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Login } from './ways.ts';

const run = promisify(execFile);

/** Real buildah with images and logins of its own in a folder; needs root. */
export class Buildah {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** What it prints. Throws when it fails, with what it complained of. */
  run(...args: string[]): Promise<string> {
    return this.#run(args);
  }

  /** Builds an image that has a file `name` of its own on top of `from`, and runs nothing. */
  async build(image: string, from: string, name: string, ...options: string[]): Promise<void> {
    const context = join(this.#folder, 'context');
    mkdirSync(context, { recursive: true });
    writeFileSync(join(context, name), `${image} ${name}`);
    const file = `FROM ${from}\nCOPY ${name} /${name}\nCMD ["/${name}"]\n`;
    writeFileSync(join(context, 'Containerfile'), file);
    await this.run('bud', '--isolation=chroot', ...options, '--tag', image, context);
  }

  /** Logs in as people do; the options that use that from then on. */
  async logIn(host: string, { creds }: Login, trust: readonly string[]): Promise<string[]> {
    const options = [...trust, `--authfile=${join(this.#folder, 'logged-in.json')}`];
    const [user = '', password = ''] = creds.split(/:(.*)/);
    await this.#run(['login', ...options, '--username', user, '--password-stdin', host], password);
    return options;
  }

  /** The options for one who has but a refresh token, as `docker login` keeps it. */
  withRefresh(host: string, { refresh }: Login, trust: readonly string[]): string[] {
    const auth = Buffer.from('<token>:').toString('base64');
    return this.#auths(trust, { [host]: { auth, identitytoken: refresh } });
  }

  /** The options for one who is nobody, whoever is logged in at this machine. */
  asNobody(trust: readonly string[]): string[] {
    return this.#auths(trust, {});
  }

  #auths(trust: readonly string[], auths: object): string[] {
    const file = join(this.#folder, 'auth.json');
    writeFileSync(file, JSON.stringify({ auths }));
    return [...trust, `--authfile=${file}`];
  }

  async #run(args: readonly string[], input = ''): Promise<string> {
    const storage = ['--root', join(this.#folder, 'storage'), '--runroot', join(this.#folder, 'run')];
    const running = run('buildah', [...storage, '--storage-driver=vfs', ...args], { timeout: 60_000 });
    running.child.stdin?.end(input);
    return (await running).stdout;
  }
}
