import type { Client } from '@sampan/machinery';

/** A client of a process that may be killed at any time: what it had begun may or may not happen. */
export interface MortalClients {
  of(client: Client): Client;
  /** Nothing is sent or heard any more; resolves when what was on its way has arrived. */
  kill(): Promise<void>;
}

export function mortalClients(): MortalClients {
  let dead = false;
  const ends: (() => void)[] = [];
  const underWay = new Set<Promise<unknown>>();
  /** Of the dead nobody hears again; what is on its way arrives. */
  const living = async <T>(call: () => Promise<T>): Promise<T> => {
    // a killed process does not go on after any await
    if (dead) return new Promise<T>(() => {});
    const answer = call().then(
      (value) => () => value,
      (error: unknown) => () => {
        throw error;
      },
    );
    underWay.add(answer);
    const result = await answer;
    underWay.delete(answer);
    return dead ? new Promise<T>(() => {}) : result();
  };
  return {
    of: (client) => ({
      get prefersWatchList() {
        return client.prefersWatchList;
      },
      get: (...args) => living(() => client.get(...args)),
      list: (...args) => living(() => client.list(...args)),
      scan: (...args) => living(() => client.scan(...args)),
      create: (...args) => living(() => client.create(...args)),
      update: (...args) => living(() => client.update(...args)),
      patch: (...args) => living(() => client.patch(...args)),
      delete: (...args) => living(() => client.delete(...args)),
      deleteCollection: (...args) => living(() => client.deleteCollection(...args)),
      resources: () => living(() => client.resources()),
      watch: (ref, request, handlers) => {
        if (dead) return () => {};
        const end = client.watch(ref, request, handlers);
        ends.push(end);
        return end;
      },
    }),
    async kill() {
      dead = true;
      for (const end of ends) end();
      await Promise.all(underWay);
    },
  };
}
