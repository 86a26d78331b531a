/** Queries of SQLite do not wait for anything: without this, many in a row would keep requests from being read. */
export function othersTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
