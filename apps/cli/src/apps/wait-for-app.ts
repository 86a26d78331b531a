import { type Client, REFS, type ResourceRef } from '@sampan/machinery';
import { type App, listApps } from './app.ts';
import { WORKLOADS } from './workload.ts';

/** Changes come in bursts; one look is enough for those of a moment. */
const SETTLE_MS = 20;

/**
 * Looks at an application until `verdict` gives something, each time something changes around it; undefined when the
 * time is over. The application may not be there yet.
 */
export async function watchApp<T>(
  client: Client,
  { namespace, name, timeoutMs }: { namespace: string; name: string; timeoutMs: number },
  verdict: (app: App | undefined) => T | undefined,
): Promise<T | undefined> {
  const end = performance.now() + timeoutMs;
  const changes = new Changes(client, namespace);
  try {
    for (;;) {
      const seen = changes.count;
      const app = (await listApps(client, namespace)).find((candidate) => candidate.name === name);
      const found = verdict(app);
      if (found !== undefined) return found;
      const left = end - performance.now();
      if (left <= 0) return undefined;
      await changes.next(seen, left);
    }
  } finally {
    changes.close();
  }
}

/** What an application is told from; of workloads those that the command line makes. */
const WATCHED: readonly ResourceRef[] = [
  REFS.pods,
  REFS.events,
  REFS.nodes,
  ...WORKLOADS.filter(({ scales }) => scales).map(({ ref }) => ref),
];

/** Counts what changes. Watches that end begin again with the next look. */
class Changes {
  count = 0;
  #wake: (() => void) | undefined;
  readonly #client: Client;
  readonly #namespace: string;
  #watches: (() => void)[] = [];

  constructor(client: Client, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
    this.#start();
  }

  /** Resolves when there was more than `seen`, at the latest after `timeoutMs`. */
  async next(seen: number, timeoutMs: number): Promise<void> {
    if (this.#watches.length === 0) this.#start();
    if (this.count === seen) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(SETTLE_MS, timeoutMs)));
  }

  close(): void {
    for (const stop of this.#watches.splice(0)) stop();
  }

  #start(): void {
    const changed = () => {
      this.count++;
      this.#wake?.();
    };
    this.#watches = WATCHED.map((ref) =>
      this.#client.watch(ref, ref.namespaced ? { namespace: this.#namespace } : {}, {
        onEvent: changed,
        onEnd: () => {
          this.close();
          // not at once: a server that went away would be asked without a pause
          setTimeout(changed, 250).unref();
        },
      }),
    );
  }
}
