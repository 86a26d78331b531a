import { type FieldError, invalid, typeInvalid } from '../../meta/field-error.ts';
import { canonical } from '../canonical.ts';
import { NO_PATH } from '../field-path.ts';

/** Something wrong with a value. */
interface Found {
  /** Where, in the message and, after the prefix, in the field; empty: of the whole value. */
  readonly name: string;
  /** One of several with the same message is reported. */
  readonly message: string;
  readonly toError: (field: string) => FieldError;
}

/** More errors than this are not reported: each is compared with all before it. */
const MAX_ERRORS = 500;

/** Steps of one validation: a schema of many alternatives on a large object must not stall the server. */
export const MAX_STEPS = 10_000_000;

export class TooComplex extends Error {}

/** Counts the steps of all runs of one validation. */
class Meter {
  #steps = 0;
  spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > MAX_STEPS) throw new TooComplex();
  }
}

/** One walk over a value: where it is, and what was found. */
export class Run {
  readonly found: Found[] = [];
  /** How many checks ran: upstream picks by it which failure of several alternatives it tells. */
  matches = 0;
  /** Of the place: `.spec`, `[0]`. */
  readonly segments: string[];
  readonly #meter: Meter;

  constructor(segments: string[] = [], meter = new Meter()) {
    this.segments = segments;
    this.#meter = meter;
  }

  /** A run of its own at the same place, for a schema whose errors may be dropped. */
  branch(): Run {
    return new Run(this.segments, this.#meter);
  }
  merge(other: Run): void {
    this.matches += other.matches;
    for (const found of other.found) this.add(found);
  }

  get path(): string {
    return this.segments.join('');
  }

  /** Throws TooComplex when there were too many. */
  spend(steps: number): void {
    this.#meter.spend(steps);
  }

  add(found: Found): void {
    if (this.found.length >= MAX_ERRORS || this.found.some((other) => other.message === found.message))
      return;
    this.found.push(found);
  }
  wrongValue(value: unknown, text: string): void {
    const name = this.path;
    const message = `${name} in body ${text}`;
    this.add({ name, message, toError: (field) => invalid(field, canonical(value), message) });
  }
  wrongType(expected: string, actual: string): void {
    const name = this.path;
    const message = `${name} in body must be of type ${expected}: ${JSON.stringify(actual)}`;
    this.add({ name, message, toError: (field) => typeInvalid(field, actual, message) });
  }
  /** What upstream reports without a field. */
  wrongWithoutField(message: string): void {
    this.add({ name: '', message, toError: () => invalid(NO_PATH, '', message) });
  }
}
