/** Adds all items: unlike `push(...items)` for any number of them, as clients decide how many errors there are. */
export function append<T>(target: T[], items: readonly T[]): void {
  for (const item of items) target.push(item);
}
