/**
 * Why a text is not JSON, in the words of Go's encoding/json scanner. Linear, without recursion; for texts
 * that JSON.parse has refused.
 */
export function jsonSyntaxError(text: string): string {
  return new Scanner(text).run();
}

/** strconv.QuoteRune-like: Go quotes control characters and apostrophes. */
function quoteChar(char: string): string {
  if (char === "'") return `'\\''`;
  if (char === '"') return `'"'`;
  return `'${JSON.stringify(char).slice(1, -1)}'`;
}

const END = 'unexpected end of JSON input';

class Bad extends Error {}

class Scanner {
  #text: string;
  #at = 0;
  /** The open brackets. */
  #open: string[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  run(): string {
    try {
      this.#scan();
    } catch (error) {
      if (error instanceof Bad) return error.message;
      throw error;
    }
    return 'invalid JSON';
  }

  #bad(context: string): never {
    const point = this.#text.codePointAt(this.#at);
    if (point === undefined) throw new Bad(END);
    // Go's scanner sees bytes.
    const byte = point < 0x80 ? point : (Buffer.from(String.fromCodePoint(point))[0] ?? 0);
    throw new Bad(`invalid character ${quoteChar(String.fromCharCode(byte))} ${context}`);
  }

  #peek(): string | undefined {
    while (' \t\r\n'.includes(this.#text[this.#at] ?? 'x')) this.#at++;
    return this.#text[this.#at];
  }

  #scan(): void {
    for (;;) {
      const opened = this.#value();
      if (!opened && this.#closeAll()) break;
    }
    if (this.#peek() !== undefined) this.#bad('after top-level value');
  }

  /** Reads a scalar, an empty bracket, or opens a bracket up to its first value; true when a value must follow. */
  #value(): boolean {
    const char = this.#peek();
    if (char === '{') {
      this.#at++;
      this.#open.push(char);
      if (this.#peek() === '}') return this.#close();
      this.#key();
      return true;
    }
    if (char === '[') {
      this.#at++;
      this.#open.push(char);
      return this.#peek() === ']' ? this.#close() : true;
    }
    this.#scalar(char);
    return false;
  }

  #close(): false {
    this.#at++;
    this.#open.pop();
    return false;
  }

  /** After a value: closes what ends here; true when the top-level value is complete. */
  #closeAll(): boolean {
    for (;;) {
      const inside = this.#open.at(-1);
      if (inside === undefined) return true;
      const char = this.#peek();
      if (char === ',') {
        this.#at++;
        if (inside === '{') this.#key();
        return false;
      }
      if (char !== (inside === '{' ? '}' : ']')) {
        this.#bad(inside === '{' ? 'after object key:value pair' : 'after array element');
      }
      this.#close();
    }
  }

  #key(): void {
    if (this.#peek() !== '"') this.#bad('looking for beginning of object key string');
    this.#string();
    if (this.#peek() !== ':') this.#bad('after object key');
    this.#at++;
  }

  #scalar(char: string | undefined): void {
    if (char === '"') this.#string();
    else if (char === 't') this.#literal('true');
    else if (char === 'f') this.#literal('false');
    else if (char === 'n') this.#literal('null');
    else if (char !== undefined && /[-0-9]/.test(char)) this.#number();
    else this.#bad('looking for beginning of value');
  }

  #literal(word: string): void {
    for (let index = 1; index < word.length; index++) {
      this.#at++;
      if (this.#text[this.#at] !== word[index]) {
        this.#bad(`in literal ${word} (expecting ${quoteChar(word[index] ?? '')})`);
      }
    }
    this.#at++;
  }

  #string(): void {
    for (;;) {
      this.#at++;
      const char = this.#text[this.#at];
      if (char === undefined) throw new Bad(END);
      if (char === '"') break;
      if (char < ' ') this.#bad('in string literal');
      if (char === '\\') this.#escape();
    }
    this.#at++;
  }

  #escape(): void {
    this.#at++;
    const char = this.#text[this.#at];
    if (char === undefined || !'bfnrt\\/"u'.includes(char)) this.#bad('in string escape code');
    for (let digit = 0; char === 'u' && digit < 4; digit++) {
      this.#at++;
      if (!/[0-9A-Fa-f]/.test(this.#text[this.#at] ?? '')) this.#bad('in \\u hexadecimal character escape');
    }
  }

  #digits(context: string): void {
    if (!/[0-9]/.test(this.#text[this.#at] ?? '')) this.#bad(context);
    while (/[0-9]/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  #number(): void {
    if (this.#text[this.#at] === '-') this.#at++;
    if (this.#text[this.#at] === '0') this.#at++;
    else this.#digits('in numeric literal');
    if (this.#text[this.#at] === '.') {
      this.#at++;
      this.#digits('after decimal point in numeric literal');
    }
    if (/[eE]/.test(this.#text[this.#at] ?? '')) {
      this.#at++;
      if (/[-+]/.test(this.#text[this.#at] ?? '')) this.#at++;
      this.#digits('in exponent of numeric literal');
    }
  }
}
