import { type FSWatcher, watch } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import type { k8s } from '@sampan/api';
import { type Clock, type Logger, messageOf } from '@sampan/base';
import { LONGEST_MANIFEST, readManifest } from './manifest.ts';

export interface StaticPodsOptions {
  /** Of manifests; exists. */
  readonly folder: string;
  readonly node: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** A pod that is to run. Must not throw. */
  readonly set: (pod: k8s.Pod) => void;
  /** A pod that is to run no more: its manifest is gone, or says something else now. Must not throw. */
  readonly remove: (pod: k8s.Pod) => void;
  /** A manifest cannot be read; the pod that it said before runs on. Told once for each content. Must not throw. */
  readonly bad: (message: string) => void;
}

/** Editors write a file in several steps. */
const GATHER_MS = 100;

interface Found {
  readonly pod: k8s.Pod;
  readonly text: string;
}

/** The pods whose manifests are files of one folder, followed as the files change (docs, "Create static Pods"). */
export class StaticPods {
  readonly #options: StaticPodsOptions;
  readonly #found = new Map<string, Found>();
  readonly #complaints = new Map<string, string>();
  #watcher: FSWatcher | undefined;
  #cancel = (): void => {};
  #reading: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: StaticPodsOptions) {
    this.#options = options;
  }

  /** Resolves when the pods that are there now have been given. Throws when the folder cannot be watched. */
  async start(): Promise<void> {
    const { folder, log } = this.#options;
    // before it is read, so that nothing is missed
    this.#watcher = watch(folder, () => this.#soon());
    this.#watcher.on('error', (error) => {
      log.error('the manifests of static pods are followed no more', { folder, error: messageOf(error) });
    });
    await this.#read();
  }

  /** Pods run on. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    this.#watcher?.close();
    await this.#reading;
  }

  #soon(): void {
    this.#cancel();
    this.#cancel = this.#options.clock.schedule(() => void this.#read(), GATHER_MS);
  }

  #read(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#readAll());
    return this.#reading;
  }

  async #readAll(): Promise<void> {
    if (this.#closed) return;
    const { folder, log } = this.#options;
    try {
      const names = (await readdir(folder)).filter((name) => !name.startsWith('.')).sort();
      for (const name of this.#found.keys()) if (!names.includes(name)) this.#replace(name, undefined);
      for (const name of this.#complaints.keys()) if (!names.includes(name)) this.#complaints.delete(name);
      for (const name of names) await this.#readOne(name);
    } catch (error) {
      log.error('the manifests of static pods cannot be read', { folder, error: messageOf(error) });
    }
  }

  async #readOne(name: string): Promise<void> {
    const { folder, node, clock } = this.#options;
    const file = `${folder}/${name}`;
    try {
      const facts = await stat(file);
      if (!facts.isFile()) return;
      if (facts.size > LONGEST_MANIFEST) throw new Error(`it is longer than ${LONGEST_MANIFEST} bytes`);
      const text = await readFile(file, 'utf8');
      if (this.#found.get(name)?.text === text) return;
      const pod = readManifest(text, { file, node, now: clock.now() });
      this.#refuseTwin(name, pod);
      this.#complaints.delete(name);
      this.#replace(name, { pod, text });
    } catch (error) {
      // removed between: the next event tells
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#complain(name, file, error);
    }
  }

  /** Two pods of one name could not both be shown in the API. */
  #refuseTwin(name: string, { metadata }: k8s.Pod): void {
    for (const [other, { pod }] of this.#found) {
      const same = pod.metadata?.name === metadata?.name && pod.metadata?.namespace === metadata?.namespace;
      if (other !== name && same)
        throw new Error(`the pod ${metadata?.namespace}/${metadata?.name} is in ${other} already`);
    }
  }

  #replace(name: string, next: Found | undefined): void {
    const former = this.#found.get(name)?.pod;
    if (next) this.#found.set(name, next);
    else this.#found.delete(name);
    if (former && former.metadata?.uid !== next?.pod.metadata?.uid) this.#options.remove(former);
    if (next) this.#options.set(next.pod);
  }

  #complain(name: string, file: string, error: unknown): void {
    const message = messageOf(error);
    if (this.#complaints.get(name) === message) return;
    this.#complaints.set(name, message);
    this.#options.log.warn('a manifest of a static pod cannot be used', { file, error: message });
    this.#options.bad(`The manifest ${name} of a static pod cannot be used: ${message}`);
  }
}
