import { type LogLine, parseLogLine } from './log-line.ts';

/** PodLogOptions, parsed. */
export interface LogOptions {
  /** Lines of the log, from its end; those of `sinceMs` and `stream` are taken of these. */
  readonly tailLines?: number;
  /** Only lines not older. Milliseconds since the epoch. */
  readonly sinceMs?: number;
  readonly limitBytes?: number;
  /** Each line begins with its time. */
  readonly timestamps: boolean;
  /** Default: both. */
  readonly stream?: 'stdout' | 'stderr';
}

/** Chooses what of a log's lines a client sees, and how. For one answer. */
export class LogSelection {
  readonly #options: LogOptions;
  #left: number;
  #atLineStart = true;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  }

  /** The client has got as much as it wants. */
  get full(): boolean {
    return this.#left <= 0;
  }

  /** The parts of the answer that a line gives; none: it is not shown. `line` is with its newline. */
  take(line: Buffer): Buffer[] {
    const parsed = parseLogLine(line);
    if (!parsed || this.full || !this.#isWanted(parsed)) return [];
    const parts =
      this.#options.timestamps && this.#atLineStart ? [stamp(parsed.time), parsed.text] : [parsed.text];
    this.#atLineStart = !parsed.partial;
    return parts.map((part) => this.#cut(part));
  }

  #isWanted({ time, stream }: LogLine): boolean {
    const { sinceMs, stream: wanted } = this.#options;
    if (wanted !== undefined && stream !== wanted) return false;
    return sinceMs === undefined || Date.parse(time) >= sinceMs;
  }

  #cut(part: Buffer): Buffer {
    const cut = part.length > this.#left ? part.subarray(0, this.#left) : part;
    this.#left -= cut.length;
    return cut;
  }
}

/** Always with nine digits of a second (kubernetes RFC3339NanoFixed), and a space. */
function stamp(time: string): Buffer {
  const [, start = time, digits = '', zone = ''] =
    /^(\d+-\d+-\d+T\d+:\d+:\d+)(?:\.(\d{1,9}))?(.*)$/.exec(time) ?? [];
  return Buffer.from(`${start}.${digits.padEnd(9, '0')}${zone} `);
}
