import { Transform, type TransformCallback } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Attributes that hold URLs, by element (HTML 4.01 index of attributes; HTML Living Standard, "Attributes"). */
const URL_ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  a: ['href'],
  applet: ['codebase'],
  area: ['href'],
  audio: ['src'],
  base: ['href'],
  blockquote: ['cite'],
  body: ['background'],
  button: ['formaction'],
  command: ['icon'],
  del: ['cite'],
  embed: ['src'],
  form: ['action'],
  frame: ['longdesc', 'src'],
  head: ['profile'],
  html: ['manifest'],
  iframe: ['longdesc', 'src'],
  img: ['longdesc', 'src', 'usemap'],
  input: ['src', 'usemap', 'formaction'],
  ins: ['cite'],
  link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'],
  q: ['cite'],
  script: ['src'],
  source: ['src'],
  video: ['poster', 'src'],
};

/** What is in them is text up to their end tag. */
const RAW_TEXT = new Set(['script', 'style', 'textarea', 'title', 'xmp', 'iframe', 'noembed', 'noframes']);
/** A longer tag goes on as it is: no page needs one, and it would have to be kept. Characters. */
const MAX_TAG = 64 * 1024;

/** Passes HTML in UTF-8 on, with `rewrite` applied to the URLs in its tags. Linear in the length of the page. */
export class HtmlLinks extends Transform {
  readonly #rewrite: (url: string) => string;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  /** The element whose text is passed over; empty: none. */
  #raw = '';

  constructor(rewrite: (url: string) => string) {
    super();
    this.#rewrite = rewrite;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#rest += this.#decoder.write(chunk);
    done(null, this.#take());
  }

  override _flush(done: TransformCallback): void {
    done(null, this.#rest + this.#decoder.end());
  }

  /** Everything that can be judged by now; an unfinished tag stays in `#rest`. */
  #take(): string {
    const text = this.#rest;
    let out = '';
    let at = 0;
    while (at < text.length) {
      const next = this.#piece(text, at);
      if (next === undefined) break;
      out += next.text;
      at = next.end;
    }
    this.#rest = text.slice(at);
    return out;
  }

  /** The text up to the next tag, or a tag; undefined: it is not all there yet. */
  #piece(text: string, at: number): Piece | undefined {
    const end = this.#endOfText(text, at);
    if (end > at) return { text: text.slice(at, end), end };
    const close = endOfTag(text, at);
    if (close === undefined)
      return text.length - at > MAX_TAG ? { text: text.slice(at), end: text.length } : undefined;
    const tag = text.slice(at, close);
    return { text: this.#tag(tag), end: close };
  }

  #endOfText(text: string, at: number): number {
    const tag = text.indexOf('<', at);
    if (tag < 0) return text.length;
    if (this.#raw === '' || tag > at) return tag;
    const mark = `</${this.#raw}`;
    const found = text.slice(at, at + mark.length).toLowerCase();
    if (found === mark) {
      this.#raw = '';
      return at;
    }
    // a beginning of the end tag waits for what follows
    return text.length - at < mark.length && mark.startsWith(found) ? at : at + 1;
  }

  #tag(tag: string): string {
    const [, name = ''] = /^<([a-z][^\s/>]*)/i.exec(tag) ?? [];
    const element = name.toLowerCase();
    if (RAW_TEXT.has(element)) this.#raw = element;
    const attributes = URL_ATTRIBUTES[element];
    return attributes ? this.#rewriteTag(tag, name.length + 1, attributes) : tag;
  }

  #rewriteTag(tag: string, from: number, attributes: readonly string[]): string {
    return (
      tag.slice(0, from) +
      tag
        .slice(from)
        .replaceAll(ATTRIBUTE, (whole, name: string, double?: string, single?: string, bare?: string) => {
          const value = double ?? single ?? bare;
          if (value === undefined || !attributes.includes(name.toLowerCase())) return whole;
          const start = whole.length - value.length - (bare === undefined ? 1 : 0);
          return whole.slice(0, start) + this.#rewrite(value) + whole.slice(start + value.length);
        })
    );
  }
}

interface Piece {
  readonly text: string;
  readonly end: number;
}

/** A name with an optional value in double, single or no quotes. */
const ATTRIBUTE = /([^\s"'>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g;

/** Behind the `>` of the tag or comment at `at`; undefined: it is not there yet. */
function endOfTag(text: string, at: number): number | undefined {
  if ('<!--'.startsWith(text.slice(at, at + 4))) {
    const end = text.indexOf('-->', at + 4);
    return end < 0 ? undefined : end + 3;
  }
  const next = text[at + 1];
  if (next === undefined) return undefined;
  // a lone "<" is text
  if (!/[a-z/!?]/i.test(next)) return at + 1;
  let quote = '';
  for (let i = at + 1; i < text.length; i++) {
    const char = text.charAt(i);
    if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === '>') return i + 1;
    else if (char === '"' || char === "'") quote = char;
  }
  return undefined;
}
