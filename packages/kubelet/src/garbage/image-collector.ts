import { type Clock, type Logger, messageOf } from '@sampan/base';
import { PAUSE_IMAGE } from '../image/index.ts';
import type { ContainerRuntime } from '../runtime/index.ts';
import { diskSpace } from '../stats/disk-usage.ts';
import { type ImageRecord, imageGarbage, recordImages } from './image-garbage.ts';

export interface ImageCollectorConfig {
  /** Percent of the disk: more than the first begins to free, down to the second. */
  readonly highPercent: number;
  readonly lowPercent: number;
  /** In milliseconds. */
  readonly minAgeMs: number;
  readonly intervalMs: number;
}

/** The kubelet's. */
const DEFAULTS: ImageCollectorConfig = {
  highPercent: 85,
  lowPercent: 80,
  minAgeMs: 120_000,
  intervalMs: 300_000,
};

export interface ImageCollectorOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly runtime: Pick<ContainerRuntime, 'listImages' | 'listContainers' | 'removeImage' | 'imageStatus'>;
  /** On the disk of images. */
  readonly imageFolder: string;
  /** An event of the node. */
  readonly event: (reason: string, message: string) => void;
  readonly config?: Partial<ImageCollectorConfig>;
}

/**
 * Removes images that nothing uses when their disk fills up (kubelet images/image_gc_manager.go). Between looks, five
 * minutes apart, it does nothing.
 */
export class ImageCollector {
  readonly #options: ImageCollectorOptions;
  readonly #config: ImageCollectorConfig;
  #records: ReadonlyMap<string, ImageRecord> = new Map();
  #cancel = (): void => {};
  #working: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: ImageCollectorOptions) {
    this.#options = options;
    this.#config = { ...DEFAULTS, ...options.config };
  }

  /** Looks at once, to know what was there, and then from time to time. */
  start(): void {
    this.#turn(() => this.#collect());
  }

  /** Returns when it does nothing any more. May be called twice. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#working;
  }

  /** Removes all that nothing uses, however much room there is. Rejects when that cannot be told. */
  async removeUnused(): Promise<void> {
    await this.#working;
    await this.#free(Number.POSITIVE_INFINITY);
  }

  #turn(task: () => Promise<void>): void {
    this.#working = task()
      .catch((error: unknown) => {
        this.#options.log.warn('unused images cannot be removed', { error: messageOf(error) });
      })
      .then(() => {
        if (this.#stopped) return;
        const { clock } = this.#options;
        this.#cancel = clock.schedule(() => this.#turn(() => this.#collect()), this.#config.intervalMs);
      });
  }

  async #collect(): Promise<void> {
    const { highPercent, lowPercent } = this.#config;
    const { capacity, available } = await diskSpace(this.#options.imageFolder);
    const percent = capacity === 0 ? 0 : 100 - Math.floor((available * 100) / capacity);
    if (percent < highPercent) {
      await this.#free(0);
      return;
    }
    const wanted = (capacity * (100 - lowPercent)) / 100 - available;
    const freed = await this.#free(wanted);
    if (freed >= wanted) return;
    const message =
      `Insufficient free disk space on the node's image filesystem (${percent}% of ${mebibytes(capacity)} used). ` +
      `Failed to free sufficient space by deleting unused images (freed ${Math.floor(freed)} bytes). ` +
      'Consider resizing the disk or deleting unused files.';
    this.#options.event('FreeDiskSpaceFailed', message);
  }

  /** Notes what is there, and removes so many bytes of it; returns how many it did. */
  async #free(bytes: number): Promise<number> {
    const { runtime, clock, log } = this.#options;
    const [images, containers] = await Promise.all([runtime.listImages(), runtime.listContainers()]);
    const now = clock.monotonic();
    const used = new Set(containers.map(({ imageRef }) => imageRef));
    this.#records = recordImages(this.#records, images, used, now);
    const kept = new Set([PAUSE_IMAGE]);
    const rules = { now, bytes, minAgeMs: this.#config.minAgeMs, kept };
    let freed = 0;
    for (const { id, tags, size } of imageGarbage(images, this.#records, rules)) {
      await runtime.removeImage(id);
      freed += size;
      log.info('removed an unused image to free disk', { image: tags[0] ?? id, bytes: size });
    }
    return freed;
  }
}

const mebibytes = (bytes: number): string => `${Math.floor(bytes / 2 ** 20)} MiB`;
