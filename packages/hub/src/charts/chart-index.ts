import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Reader } from '../metadata/repositories.ts';
import { chartRevision, type ListedChart, listedCharts } from './chart-records.ts';

/** One state of a project's index. */
export class ChartIndex {
  /** Changes with the text, and with nothing else; without quotes. */
  readonly version: string;
  /** JSON, which is YAML too: newer Helms read it many times faster, older ones as well as any YAML. */
  readonly text: string;
  #zipped: Promise<Buffer> | undefined;

  constructor(version: string, text: string) {
    this.version = version;
    this.text = text;
  }

  /** The text in gzip: a tenth of it. */
  zipped(): Promise<Buffer> {
    this.#zipped ??= gzipText(this.text);
    return this.#zipped;
  }
}

const gzipText: (text: string) => Promise<Buffer> = promisify(gzip);

/** So many characters of indexes are kept; the one used longest ago goes first. */
const MOST_KEPT = 32 * 1024 * 1024;

/** ChartMuseum's clients upload to `CONTEXT/api/REST`, the repository's address being `CONTEXT/REST`. */
const SERVER_INFO = JSON.stringify({ contextPath: '/hub' });

/** The `index.yaml` of projects (Helm, "The Chart Repository Guide"), made again only when a chart came or went. */
export class ChartIndexes {
  readonly #from: Reader;
  readonly #kept = new Map<string, ChartIndex>();
  #size = 0;

  constructor(from: Reader) {
    this.#from = from;
  }

  async of(project: string): Promise<ChartIndex> {
    // read before the charts: what comes in between is found by the next one
    const version = `${project}-${await chartRevision(this.#from, project)}`;
    const kept = this.#kept.get(project);
    const index = kept?.version === version ? kept : await this.#make(project, version);
    this.#keep(project, index);
    return index;
  }

  async #make(project: string, version: string): Promise<ChartIndex> {
    return new ChartIndex(version, indexOf(await listedCharts(this.#from, project)));
  }

  #keep(project: string, index: ChartIndex): void {
    this.#drop(project);
    this.#kept.set(project, index);
    this.#size += index.text.length;
    for (const [oldest] of this.#kept) {
      if (this.#size <= MOST_KEPT) break;
      this.#drop(oldest);
    }
  }

  #drop(project: string): void {
    this.#size -= this.#kept.get(project)?.text.length ?? 0;
    this.#kept.delete(project);
  }
}

function indexOf(charts: readonly ListedChart[]): string {
  const newest = charts.reduce((time, { created }) => Math.max(time, created), 0);
  const generated = JSON.stringify(new Date(newest).toISOString());
  const entries = Array.from(
    entriesOf(charts),
    ([name, list]) => `${JSON.stringify(name)}:[\n${list.join(',\n')}]`,
  );
  return `{"apiVersion":"v1","serverInfo":${SERVER_INFO},"generated":${generated},"entries":{\n${entries.join(',\n')}}}\n`;
}

/** What the index says of charts, as JSON, by name; of the same version in two repositories, the first. */
export function entriesOf(charts: readonly ListedChart[]): Map<string, string[]> {
  const seen = new Set<string>();
  const entries = new Map<string, string[]>();
  for (const { name, file, entry, created } of charts) {
    if (seen.has(file)) continue;
    seen.add(file);
    const list = entries.getOrInsertComputed(name, () => []);
    list.push(`${entry},"created":${JSON.stringify(new Date(created).toISOString())}}`);
  }
  return entries;
}
