import { othersTurn } from './others-turn.ts';

/** Rows of one query: more would hold up what else the process does. */
export const PAGE = 500;

/**
 * Those rows of a table that `is` is true of. `read` gives the next `PAGE` rows after one, in an order of the table's
 * own; undefined: the first ones.
 */
export async function inPages<R>(
  read: (after: R | undefined) => Promise<readonly R[]>,
  is: (row: R) => boolean,
): Promise<R[]> {
  const found: R[] = [];
  for (let after: R | undefined; ; ) {
    const rows = await read(after);
    found.push(...rows.filter(is));
    after = rows.at(-1);
    if (rows.length < PAGE) return found;
    await othersTurn();
  }
}
