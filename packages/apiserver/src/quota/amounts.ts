import { Quantity } from '@sampan/base';

/** Amounts by resource name. Names come from clients: maps, not objects. */
export type Amounts = Map<string, Quantity>;

export const NONE: Amounts = new Map();

/** A ResourceList of an object that has been validated. */
export function amountsOf(list: Readonly<Record<string, unknown>> | undefined): Amounts {
  const amounts: Amounts = new Map();
  if (!list) return amounts;
  for (const [name, text] of Object.entries(list)) {
    const quantity = Quantity.tryParse(String(text));
    if (quantity) amounts.set(name, quantity);
  }
  return amounts;
}

export function addTo(sum: Amounts, more: Amounts): void {
  for (const [name, quantity] of more) {
    const present = sum.get(name);
    sum.set(name, present ? present.add(quantity) : quantity);
  }
}

/** Raises each amount to at least that of `other`. */
export function raiseTo(amounts: Amounts, other: Amounts): void {
  for (const [name, quantity] of other) {
    const present = amounts.get(name);
    if (!present || present.compare(quantity) < 0) amounts.set(name, quantity);
  }
}

export const largest = (a: Quantity | undefined, b: Quantity): Quantity =>
  a === undefined || a.compare(b) < 0 ? b : a;

/** The named ones, those that are there. */
export function masked(amounts: Amounts, names: Iterable<string>): Amounts {
  const result: Amounts = new Map();
  for (const name of names) {
    const quantity = amounts.get(name);
    if (quantity) result.set(name, quantity);
  }
  return result;
}

/** `cpu=1,memory=2Gi`, sorted. */
export const print = (amounts: Amounts): string =>
  [...amounts.keys()]
    .sort()
    .map((name) => `${name}=${amounts.get(name)?.toString() ?? ''}`)
    .join(',');

/** As a ResourceList, names sorted. */
export function toList(amounts: Amounts): Record<string, string> {
  return Object.fromEntries(
    [...amounts].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([name, q]) => [name, q.toString()]),
  );
}
