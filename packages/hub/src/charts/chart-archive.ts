import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { parse } from 'yaml';
import { ChartError } from './chart-error.ts';
import { type ChartMetadata, readMetadata } from './metadata.ts';

/** POSIX pax(1), "ustar Interchange Format". */
const BLOCK = 512;

/** `helm package` writes Chart.yaml first; what unpacks to so much before it is no chart. */
const MOST_BEFORE = 64 * 1024 * 1024;
const MOST_YAML = 1024 * 1024;

const CHART_YAML = /^(?:\.\/)?[^/]+\/Chart\.yaml$/;

/** What a packaged chart says of itself. Unpacks no more than it takes to find that. @throws ChartError 400 */
export async function readChartArchive(archive: Buffer): Promise<ChartMetadata> {
  const metadata = readMetadata(parseYaml(await findChartYaml(archive)));
  if (typeof metadata === 'string') throw new ChartError(400, metadata);
  return metadata;
}

function parseYaml(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 100 });
  } catch (cause) {
    throw new ChartError(400, 'Chart.yaml is not YAML', cause);
  }
}

async function findChartYaml(archive: Buffer): Promise<string> {
  const unpacked = createGunzip();
  const reading = Readable.from([archive]).pipe(unpacked);
  try {
    const bytes = new Bytes(reading);
    for (let before = 0; before < MOST_BEFORE; ) {
      const header = await bytes.take(BLOCK);
      if (header.length < BLOCK || header.every((byte) => byte === 0)) break;
      const size = sizeIn(header);
      if (CHART_YAML.test(nameIn(header)) && isFile(header)) {
        if (size > MOST_YAML) throw new ChartError(400, 'Chart.yaml is too long');
        return (await bytes.take(size)).toString('utf8');
      }
      const padded = Math.ceil(size / BLOCK) * BLOCK;
      before += BLOCK + padded;
      if (before < MOST_BEFORE) await bytes.skip(padded);
    }
  } catch (cause) {
    throw cause instanceof ChartError
      ? cause
      : new ChartError(400, 'not a chart: no tar archive in gzip', cause);
  } finally {
    unpacked.destroy();
  }
  throw new ChartError(400, 'not a chart: it has no NAME/Chart.yaml');
}

/** `0` and NUL are files (POSIX); others are folders, links and what stands in front of files. */
const isFile = (header: Buffer): boolean => header[156] === 0x30 || header[156] === 0;

const textIn = (header: Buffer, at: number, length: number): string =>
  header.toString('utf8', at, at + length).replace(/\0.*$/s, '');

function nameIn(header: Buffer): string {
  const prefix = textIn(header, 257, 5) === 'ustar' ? textIn(header, 345, 155) : '';
  return prefix === '' ? textIn(header, 0, 100) : `${prefix}/${textIn(header, 0, 100)}`;
}

function sizeIn(header: Buffer): number {
  const text = textIn(header, 124, 12).trim();
  if (!/^[0-7]*$/.test(text)) throw new ChartError(400, 'not a chart: its archive is damaged');
  return text === '' ? 0 : Number.parseInt(text, 8);
}

/** A stream in pieces of wanted lengths. */
class Bytes {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: Readable) {
    this.#chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** Fewer at the end. */
  async take(length: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this.#pieces(length)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  async skip(length: number): Promise<void> {
    for await (const _ of this.#pieces(length));
  }

  async *#pieces(length: number): AsyncGenerator<Buffer> {
    for (let left = length; left > 0; ) {
      if (this.#rest.length === 0) {
        const next = await this.#chunks.next();
        if (next.done) return;
        this.#rest = next.value;
      }
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }
}
