import type { Compilable, CompiledQuery } from 'kysely';
import type { Reader } from './repositories.ts';

/**
 * A query whose text is made once for each database instead of each time, for those that every pull makes: making the
 * text takes longer than the answer. `build` uses each of its parameters once, in their order, as values only.
 */
export function prepared<P extends readonly unknown[], R>(
  build: (from: Reader, ...parameters: P) => Compilable<R>,
): (from: Reader, ...parameters: P) => Promise<R | undefined> {
  const made = new WeakMap<Reader, CompiledQuery<R>>();
  return async (from, ...parameters) => {
    let query = made.get(from);
    if (!query) {
      query = build(from, ...parameters).compile();
      if (query.parameters.length !== parameters.length) throw new Error(`not prepared: ${query.sql}`);
      made.set(from, query);
    }
    const { rows } = await from.executeQuery<R>({ ...query, parameters });
    return rows[0];
  };
}
