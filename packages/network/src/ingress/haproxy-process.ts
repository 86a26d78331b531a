import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  stat,
  truncate,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Clock, type Logger, messageOf, SampanError } from '@sampan/base';
import { Backoff } from '@sampan/machinery';
import { run, SYSTEM_ENV } from '../command.ts';
import { replaceFile } from '../replace-file.ts';
import { HAPROXY_CONFIG } from './haproxy-config.ts';
import { askMaster, watchMaster, workerReady } from './master-socket.ts';
import { asUser, type ProxyUser } from './proxy-user.ts';

export interface HaproxyProcessOptions {
  /** Its configuration, its socket and what it said; the user must be able to go there. */
  readonly folder: string;
  /** Asked once, before the proxy first starts. Absent: as who calls. */
  readonly user?: (() => Promise<ProxyUser>) | undefined;
  /** It listens at ports below 1024. */
  readonly isLow: () => boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

const PROGRAM = 'haproxy';
const PID_FILE = 'run/pid';
const SOCKET = 'run/master';
const LOG = 'run/log';
/** Bytes. */
const MOST_LOG = 1_000_000;

/**
 * An HAProxy of its own that outlives this process and is taken over by the next. A new configuration is read by new
 * workers, which get the open ports from the old ones; these end when their connections have (Management Guide,
 * "Stopping and restarting HAProxy", master-worker mode). One that dies is started again.
 */
export class HaproxyProcess {
  readonly #options: HaproxyProcessOptions;
  readonly #backoff = new Backoff({ initialMs: 200, maxMs: 30_000, factor: 2, jitter: 0.2 });
  #watch: { close(): void } | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #user: ProxyUser | undefined;
  #cancelRestart: (() => void) | undefined;
  readonly #stopping = new AbortController();

  constructor(options: HaproxyProcessOptions) {
    this.#options = options;
  }

  /** Is one there, perhaps from before? */
  async isRunning(): Promise<boolean> {
    const pid = Number(await readFile(this.#path(PID_FILE), 'utf8').catch(() => ''));
    if (!Number.isInteger(pid) || pid <= 0) return false;
    // the file may be of before a reboot, and the number another's by now
    const [name, folder] = await Promise.all([
      readFile(`/proc/${pid}/comm`, 'utf8').catch(() => ''),
      readlink(`/proc/${pid}/cwd`).catch(() => ''),
    ]);
    return name.trim() === PROGRAM && folder === (await realpath(this.#options.folder));
  }

  /** One thing at a time: a start after a crash does not meet a new configuration. */
  #queue<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#last.then(task);
    this.#last = done.catch(() => {});
    return done;
  }

  /**
   * Resolves when requests are served as the files say. One that runs keeps all its connections. Fails with
   * `ingress-proxy` when the program is not there or refuses the files; then all stays as it was.
   */
  serve(files: ReadonlyMap<string, string>): Promise<void> {
    return this.#queue(async () => {
      await this.#write(files);
      await this.#check();
      await this.#load();
      await this.#removeOthers(files);
    });
  }

  /** Writes the files for a later start, without a word to the one that runs. */
  keep(files: ReadonlyMap<string, string>): Promise<void> {
    return this.#queue(() => this.#write(files));
  }

  async #write(files: ReadonlyMap<string, string>): Promise<void> {
    const { folder } = this.#options;
    const user = await this.#findUser();
    // not of the mode of those within
    await mkdir(dirname(folder), { recursive: true, mode: 0o755 });
    await this.#ownFolder(folder, 0o750);
    await this.#ownFolder(join(folder, 'run'), 0o700, user);
    await this.#ownFolder(join(folder, 'certificates'), 0o750);
    // the one that names the others last
    for (const [name, text] of [...files].sort(([a], [b]) => order(a) - order(b))) {
      const path = join(folder, name);
      if ((await readFile(path, 'utf8').catch(() => undefined)) === text) continue;
      await replaceFile(path, text, 0o640);
      if (user) await chown(path, 0, user.gid);
    }
  }

  /** Commands to the present worker, in order. Fails with `ingress-proxy` at the first that it does not obey. */
  async command(commands: readonly string[]): Promise<void> {
    await this.#cutLog();
    for (const command of commands) {
      const answer = await askMaster(this.#path(SOCKET), `@1 ${command}`).catch((cause: unknown) => {
        throw failure(messageOf(cause), cause);
      });
      if (!isObeyed(answer)) throw failure(`it answered ${JSON.stringify(answer.trim())} to ${command}`);
    }
  }

  /** Ends one that runs; `serve` starts it again. */
  rest(): Promise<void> {
    return this.#queue(async () => {
      this.#unwatch();
      await this.#end();
    });
  }

  /** It has a line for each change. */
  async #cutLog(): Promise<void> {
    const { size } = await stat(this.#path(LOG));
    if (size > MOST_LOG) await truncate(this.#path(LOG));
  }

  /** `leave`: it goes on by itself. `end`: resolves when it is gone. May be called twice. */
  async stop(how: 'leave' | 'end'): Promise<void> {
    this.#stopping.abort();
    await this.#queue(async () => {
      this.#unwatch();
      if (how === 'end') await this.#end();
    });
  }

  #unwatch(): void {
    this.#watch?.close();
    this.#watch = undefined;
    this.#cancelRestart?.();
  }

  async #end(): Promise<void> {
    if (!(await this.isRunning())) return;
    const gone = Promise.withResolvers<void>();
    const watch = watchMaster(this.#path(SOCKET), gone.resolve);
    try {
      process.kill(Number(await readFile(this.#path(PID_FILE), 'utf8')), 'SIGTERM');
      await gone.promise;
    } finally {
      watch.close();
    }
  }

  async #findUser(): Promise<ProxyUser | undefined> {
    this.#user ??= await this.#options.user?.().catch((cause: unknown) => {
      throw failure(messageOf(cause), cause);
    });
    return this.#user;
  }

  #path(name: string): string {
    return join(this.#options.folder, name);
  }

  async #ownFolder(path: string, mode: number, owner?: ProxyUser): Promise<void> {
    const user = this.#user;
    await mkdir(path, { recursive: true, mode });
    await chmod(path, mode);
    if (user) await chown(path, owner?.uid ?? 0, user.gid);
  }

  async #check(): Promise<void> {
    const { folder } = this.#options;
    const [program, args] = this.#commandLine([PROGRAM, '-c', '-f', HAPROXY_CONFIG]);
    // the folder's path may be closed to the user
    await run(program, args, { cwd: folder }).catch((cause: unknown) => {
      throw failure(messageOf(cause), cause);
    });
  }

  async #load(): Promise<void> {
    this.#unwatch();
    if (await this.#reload()) await this.#ready(this.#stopping.signal, () => this.isRunning());
    else await this.#ready(AbortSignal.any([this.#stopping.signal, await this.#spawn()]));
    if (!this.#stopping.signal.aborted)
      this.#watch = watchMaster(this.#path(SOCKET), () => this.#restartLater());
  }

  /** False: none is there that could. */
  async #reload(): Promise<boolean> {
    if (!(await this.isRunning())) return false;
    return await askMaster(this.#path(SOCKET), 'reload').then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        // it may be about to die; otherwise the answer is that the connection ends, when the program begins anew
        const isDeaf = error.code === 'ECONNREFUSED' || error.code === 'ENOENT';
        if (isDeaf) this.#options.log.warn('the ingress proxy does not listen', { error: error.message });
        return !isDeaf;
      },
    );
  }

  async #ready(signal: AbortSignal, isAlive = async () => true): Promise<void> {
    await workerReady(this.#path(SOCKET), signal, isAlive).catch(async (cause: unknown) => {
      const said = await readFile(this.#path(LOG), 'utf8');
      const why = said.split('\n').filter((line) => line.includes('ALERT'));
      throw failure([messageOf(cause), ...why].join('; '), cause);
    });
  }

  /** The signal is aborted when the program ends. */
  async #spawn(): Promise<AbortSignal> {
    const { folder } = this.#options;
    await rm(this.#path(SOCKET), { force: true });
    await rm(this.#path(LOG), { force: true });
    // appended to, so that it may be cut while it is open
    const file = await open(this.#path(LOG), 'a', 0o600);
    try {
      const [program, args] = this.#commandLine([
        ...([PROGRAM, '-W', '-f', HAPROXY_CONFIG] as const),
        ...['-S', `unix@${SOCKET}`, '-p', PID_FILE],
      ]);
      const child = spawn(program, args, {
        cwd: folder,
        detached: true,
        env: SYSTEM_ENV,
        stdio: ['ignore', file.fd, file.fd],
      });
      child.unref();
      const ended = new AbortController();
      child.once('exit', () => ended.abort());
      await once(child, 'spawn').catch((cause: unknown) => {
        throw failure(messageOf(cause), cause);
      });
      return ended.signal;
    } finally {
      await file.close();
    }
  }

  #commandLine(command: readonly [string, ...string[]]): [string, string[]] {
    const { isLow } = this.#options;
    const user = this.#user;
    return user ? asUser(user, isLow(), command) : [command[0], command.slice(1)];
  }

  #restartLater(): void {
    const { clock, log } = this.#options;
    log.warn('the ingress proxy is gone; it is started again');
    this.#cancelRestart = clock.schedule(() => {
      this.#queue(() => this.#load()).then(
        () => this.#backoff.reset(),
        (error: unknown) => {
          log.error('the ingress proxy does not start', { error: messageOf(error) });
          if (!this.#stopping.signal.aborted) this.#restartLater();
        },
      );
    }, this.#backoff.next());
  }

  /** Certificates that no file names any more. */
  async #removeOthers(files: ReadonlyMap<string, string>): Promise<void> {
    for (const name of await readdir(this.#path('certificates')))
      if (!files.has(`certificates/${name}`)) await rm(this.#path(`certificates/${name}`));
  }
}

const order = (name: string): number => (dirname(name) !== '.' ? 0 : name === HAPROXY_CONFIG ? 2 : 1);

/** It says nothing, or in which way a server changed ("IP changed from …", "no need to change …"). */
const isObeyed = (answer: string): boolean => /^\s*$|changed|no need to change/.test(answer);

const failure = (why: string, cause?: unknown): SampanError =>
  new SampanError('ingress-proxy', `the ingress proxy (HAProxy) cannot be used: ${why}`, {
    hint: "Install Debian's package haproxy; `haproxy -c` in the folder of the proxy tells more.",
    ...(cause === undefined ? {} : { cause }),
  });
