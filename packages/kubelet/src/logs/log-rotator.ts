import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Clock, type Logger, messageOf } from '@sampan/base';
import type { ContainerRuntime } from '../runtime/index.ts';
import { COMPRESSED, orderedLogNames, UNFINISHED } from './log-files.ts';

export interface LogRotatorOptions {
  /** Of `NAMESPACE_POD_UID/CONTAINER/ATTEMPT.log`. */
  readonly folder: string;
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly log: Logger;
  /** A log that is larger is rotated. Default 10 MiB (KubeletConfiguration.containerLogMaxSize). */
  readonly maxBytes?: number;
  /** Of one container, the present one included; 2 and more. Default 5 (containerLogMaxFiles). */
  readonly maxFiles?: number;
  /** Between two looks at the sizes. Default 10 seconds, as upstream. */
  readonly everyMs?: number;
}

/**
 * Keeps the logs of running containers small: renames one that has grown, has the runtime go on in a new file,
 * compresses all rotated ones but the newest, removes the oldest. Looks at sizes only; the runtime is asked when there
 * is something to rotate.
 */
export class LogRotator {
  readonly #options: Required<LogRotatorOptions>;
  #cancel = (): void => {};
  #round: Promise<void> | undefined;
  #stopped = false;

  constructor(options: LogRotatorOptions) {
    this.#options = { maxBytes: 10 << 20, maxFiles: 5, everyMs: 10_000, ...options };
  }

  start(): void {
    this.#cancel = this.#options.clock.schedule(() => {
      this.#round = this.rotateAll().finally(() => {
        if (!this.#stopped) this.start();
      });
    }, this.#options.everyMs);
  }

  /** Returns when nothing is being rotated. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#round;
  }

  /** Rotates all logs that need it. Never rejects: what fails is logged and tried the next time. */
  async rotateAll(): Promise<void> {
    for (const pod of await namesIn(this.#options.folder)) {
      for (const container of await namesIn(`${this.#options.folder}/${pod}`)) {
        await this.#look(pod, container).catch((error: unknown) =>
          this.#options.log.warn('a log could not be rotated', { pod, container, error: messageOf(error) }),
        );
      }
    }
  }

  async #look(pod: string, container: string): Promise<void> {
    const folder = `${this.#options.folder}/${pod}/${container}`;
    const names = await namesIn(folder);
    const attempts = names
      .map((name) => /^(\d+)\.log/.exec(name)?.[1])
      .filter((found) => found !== undefined);
    if (attempts.length === 0) return;
    const attempt = Math.max(...attempts.map(Number));
    const current = `${attempt}.log`;
    const size = await stat(`${folder}/${current}`).then(
      (found) => found.size,
      () => undefined,
    );
    if (size !== undefined && size <= this.#options.maxBytes) return;
    const id = await this.#running(pod, container, attempt);
    if (id === undefined) return;
    // renamed by an agent that ended before the runtime took the new file
    if (size === undefined) await this.#options.runtime.reopenLog(id);
    else await this.#rotate(folder, current, names, id);
  }

  async #running(pod: string, container: string, attempt: number): Promise<string | undefined> {
    const uid = pod.slice(pod.lastIndexOf('_') + 1);
    const containers = await this.#options.runtime.listContainers(uid);
    return containers.find(
      (each) => each.name === container && each.attempt === attempt && each.state === 'running',
    )?.id;
  }

  async #rotate(folder: string, current: string, names: readonly string[], id: string): Promise<void> {
    const { maxFiles, clock, runtime } = this.#options;
    const kept = orderedLogNames(names, current).filter((name) => name !== current);
    const useless = names.filter(
      (name) => name.startsWith(`${current}.`) && !kept.includes(name) && name !== current,
    );
    // the one that becomes the newest rotated, and the present one
    const excess = kept.splice(0, Math.max(0, kept.length - (maxFiles - 2)));
    for (const name of [...useless, ...excess]) await rm(`${folder}/${name}`, { force: true });
    for (const name of kept) if (!name.endsWith(COMPRESSED)) await compress(`${folder}/${name}`);
    const rotated = `${folder}/${current}.${timeName(clock.now())}`;
    await rename(`${folder}/${current}`, rotated);
    try {
      await runtime.reopenLog(id);
    } catch (error) {
      await rename(rotated, `${folder}/${current}`);
      throw error;
    }
  }
}

async function compress(path: string): Promise<void> {
  const unfinished = `${path}${UNFINISHED}`;
  await pipeline(createReadStream(path), createGzip(), createWriteStream(unfinished, { mode: 0o640 }));
  await rename(unfinished, `${path}${COMPRESSED}`);
  await rm(path);
}

/** As upstream, 20060102-150405, and milliseconds, so that two in one second are two. */
const timeName = (now: number): string => new Date(now).toISOString().replace(/[-:Z]/g, '').replace('T', '-');

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}
