const NEWLINE = 0x0a;

/** Cuts a byte stream into lines; in linear time however the chunks fall. */
export class Lines {
  readonly #onLine: (line: string) => void;
  readonly #mostBytes: number;
  #parts: Buffer[] = [];
  #length = 0;

  /** A line longer than `mostBytes` throws from `push`. */
  constructor(onLine: (line: string) => void, mostBytes: number) {
    this.#onLine = onLine;
    this.#mostBytes = mostBytes;
  }

  push(chunk: Buffer): void {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      this.#keep(chunk.subarray(from, at));
      this.#flush();
      from = at + 1;
    }
    this.#keep(chunk.subarray(from));
  }

  /** What is left without a newline. */
  end(): void {
    this.#flush();
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return;
    this.#length += part.length;
    if (this.#length > this.#mostBytes) throw new Error(`a line is longer than ${this.#mostBytes} bytes`);
    this.#parts.push(part);
  }

  #flush(): void {
    if (this.#length === 0) return;
    const line = this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#length = 0;
    this.#onLine(line.toString('utf8'));
  }
}
