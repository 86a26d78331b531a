import { goQuote } from '../meta/go-quote.ts';

/** Sets of indexes as text, `1,3-5,7`, as Jobs report completed and failed ones. */
export interface Interval {
  readonly first: number;
  readonly last: number;
}

const ATOI = /^[+-]?\d{1,18}$/;

/** Throws an Error with upstream's text (validateIndexesFormat). Answers how many indexes there are. */
export function countIndexes(text: string, completions: number): number {
  if (text === '') return 0;
  let total = 0;
  let previous: number | undefined;
  for (const part of text.split(',')) {
    const { first, last } = parseInterval(part, completions);
    if (previous !== undefined && previous >= first) {
      throw new Error(`non-increasing order, previous: ${previous}, current: ${first}`);
    }
    total += last - first + 1;
    previous = last;
  }
  return total;
}

function parseInterval(text: string, completions: number): Interval {
  const parts = text.split('-');
  if (parts.length > 2) {
    throw new Error(
      `the fragment ${goQuote(text)} violates the requirement that an index interval can have at most two parts separated by '-'`,
    );
  }
  const [first = 0, last = first] = parts.map((part) => parseIndex(part, completions));
  if (parts.length === 2 && first >= last) {
    throw new Error(`non-increasing order, previous: ${first}, current: ${last}`);
  }
  return { first, last };
}

function parseIndex(text: string, completions: number): number {
  if (!ATOI.test(text)) throw new Error(`cannot convert string to integer for index: ${goQuote(text)}`);
  const index = Number(text);
  if (index >= completions) throw new Error(`too large index: ${goQuote(text)}`);
  return index;
}

/** The intervals that can be read; the others have been reported by `countIndexes`. */
function readable(text: string, completions: number): Interval[] {
  return text.split(',').flatMap((part) => {
    try {
      return [parseInterval(part, completions)];
    } catch {
      return [];
    }
  });
}

/** An index that is in both sets, the first found (validateFailedIndexesNotOverlapCompleted). */
export function overlappingIndex(completed: string, failed: string, completions: number): number | undefined {
  if (completed === '' || failed === '') return undefined;
  const left = readable(completed, completions);
  const right = readable(failed, completions);
  let i = 0;
  let j = 0;
  for (;;) {
    const a = left[i];
    const b = right[j];
    if (a === undefined || b === undefined) return undefined;
    if (a.first <= b.last && b.first <= a.last) return Math.max(a.first, b.first);
    if (a.first <= b.first) i++;
    else j++;
  }
}
