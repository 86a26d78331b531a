const SPACE = 0x20;
const PARTIAL = 'P';
/** The newline as well. */
const LONGEST_TAG = 64;

/** One line of a container's log: `TIME STREAM TAG TEXT` (kubernetes design proposal "CRI: Log format"). */
export interface LogLine {
  /** RFC 3339 with up to nine digits of a second. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  /** The text goes on in the next line of its stream. */
  readonly partial: boolean;
  /** With its newline, unless partial. */
  readonly text: Buffer;
}

/** `line` is with its newline. undefined: it is no such line, as after a loss of power. */
export function parseLogLine(line: Buffer): LogLine | undefined {
  const first = line.indexOf(SPACE);
  const second = line.indexOf(SPACE, first + 1);
  const third = line.indexOf(SPACE, second + 1);
  if (first < 0 || second < 0 || third < 0 || third - second > LONGEST_TAG) return undefined;
  const stream = line.toString('latin1', first + 1, second);
  if (stream !== 'stdout' && stream !== 'stderr') return undefined;
  const [tag] = line.toString('latin1', second + 1, third).split(':');
  const partial = tag === PARTIAL;
  const end = partial && line.at(-1) === NEWLINE ? line.length - 1 : line.length;
  return {
    time: line.toString('latin1', 0, first),
    stream,
    partial,
    text: line.subarray(third + 1, end),
  };
}

const NEWLINE = 0x0a;
/** Runtimes cut lines at 16 KiB; what is longer is none of theirs. */
const MOST_LINE_BYTES = 1 << 20;

/** Cuts what is read into lines, newlines included. */
export class LineCutter {
  #kept: Buffer[] = [];
  #length = 0;

  *push(chunk: Buffer): Generator<Buffer> {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      yield this.#with(chunk.subarray(from, at + 1));
      from = at + 1;
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from));
  }

  /** What has no newline yet; forgets it. */
  end(): Buffer {
    return this.#with(Buffer.alloc(0));
  }

  #with(last: Buffer): Buffer {
    if (this.#length === 0) return last;
    const line = Buffer.concat([...this.#kept, last]);
    this.#kept = [];
    this.#length = 0;
    return line;
  }

  #keep(part: Buffer): void {
    if (this.#length + part.length > MOST_LINE_BYTES) this.end();
    // what is read into is used again
    this.#kept.push(Buffer.from(part));
    this.#length += part.length;
  }
}
