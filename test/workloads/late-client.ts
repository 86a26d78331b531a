import type { KubeObject } from '@sampan/api';
import type { Client, WatchHandlers } from '@sampan/machinery';

/**
 * A client whose watches lag behind, each by a time of its own that changes: writes go through at once, but whoever
 * decides by what it has watched decides by an old state. Events stay in order.
 */
export function lateClient(client: Client, mostMs: number): Client {
  return {
    get prefersWatchList() {
      return client.prefersWatchList;
    },
    get: (...args) => client.get(...args),
    list: (...args) => client.list(...args),
    scan: (...args) => client.scan(...args),
    create: (...args) => client.create(...args),
    update: (...args) => client.update(...args),
    patch: (...args) => client.patch(...args),
    delete: (...args) => client.delete(...args),
    deleteCollection: (...args) => client.deleteCollection(...args),
    resources: () => client.resources(),
    watch: (ref, request, handlers) => {
      const late = lateHandlers(handlers, mostMs);
      const end = client.watch(ref, request, late);
      return () => {
        late.stop();
        end();
      };
    },
  };
}

function lateHandlers<T extends KubeObject>(
  handlers: WatchHandlers<T>,
  mostMs: number,
): WatchHandlers<T> & { stop(): void } {
  let stopped = false;
  let last = Promise.resolve();
  const later = (task: () => void): void => {
    const pause = new Promise((resolve) => setTimeout(resolve, Math.random() * mostMs));
    last = Promise.all([last, pause]).then(() => {
      if (!stopped) task();
    });
  };
  return {
    onEvent: (event) => later(() => handlers.onEvent(event)),
    onEnd: (error) => later(() => handlers.onEnd(error)),
    stop() {
      stopped = true;
    },
  };
}
