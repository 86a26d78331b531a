import type { PodContainer, PodView } from '../pods/pod-view.ts';
import type { PodFiles } from './pod-files.ts';

/** What containers that ended left to say, read once for each. */
export class ExitMessages {
  readonly #files: PodFiles;
  readonly #known = new Map<string, string>();

  constructor(files: PodFiles) {
    this.#files = files;
  }

  async into(view: PodView): Promise<PodView> {
    const containers = await Promise.all(view.containers.map((container) => this.#one(container)));
    return { ...view, containers };
  }

  forget(id: string): void {
    this.#known.delete(id);
  }

  async #one(container: PodContainer): Promise<PodContainer> {
    if (container.state !== 'exited' || container.message !== '') return container;
    const message = this.#known.get(container.id) ?? (await this.#files.terminationMessage(container));
    this.#known.set(container.id, message);
    return { ...container, message };
  }
}
