import type { CopyWatcher, Descriptor } from '@sampan/oci';
import { size } from '../clusters/print-clusters.ts';

const REDRAW_MS = 100;
const BAR_WIDTH = 24;

/** What a picture of a copy is drawn from. */
export interface CopyState {
  readonly total: number;
  readonly done: number;
  readonly there: number;
  readonly moving: readonly { readonly digest: string; readonly size: number; readonly moved: number }[];
}

/** Lines for a terminal of so many columns. Pure. */
export function drawCopy({ total, done, there, moving }: CopyState, columns: number): string[] {
  const bars = moving.map(({ digest, size: whole, moved }) => {
    const filled = whole === 0 ? BAR_WIDTH : Math.min(BAR_WIDTH, Math.floor((moved / whole) * BAR_WIDTH));
    const bar = `${'='.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}`;
    return `  ${shortDigest(digest)} [${bar}] ${size(moved)} of ${size(whole)}`;
  });
  const known = there > 0 ? `, ${there} of them there already` : '';
  return [...bars, `${done} of ${total} blobs${known}`].map((line) =>
    line.slice(0, Math.max(1, columns - 1)),
  );
}

const shortDigest = (digest: string): string => digest.slice(digest.indexOf(':') + 1).slice(0, 12);

/** Draws how a copy goes on to a terminal; to nothing else. `close` it: then the picture is gone. */
export class CopyProgress implements CopyWatcher {
  readonly #out: NodeJS.WriteStream;
  readonly #moving = new Map<string, { readonly size: number; moved: number }>();
  readonly #timer: NodeJS.Timeout | undefined;
  #total = 0;
  #done = 0;
  #there = 0;
  #lines = 0;

  constructor(out: NodeJS.WriteStream = process.stderr) {
    this.#out = out;
    this.#timer = out.isTTY ? setInterval(() => this.#draw(), REDRAW_MS) : undefined;
  }

  onPlan(blobs: readonly Descriptor[]): void {
    this.#total += blobs.length;
  }

  onMoved({ digest, size: whole }: Descriptor, bytes: number): void {
    this.#moving.set(digest, { size: whole, moved: bytes });
  }

  onBlob({ digest }: Descriptor, outcome: 'there' | 'mounted' | 'moved'): void {
    this.#moving.delete(digest);
    this.#done++;
    if (outcome !== 'moved') this.#there++;
  }

  #draw(): void {
    const moving = [...this.#moving].map(([digest, state]) => ({ digest, ...state }));
    const state = { total: this.#total, done: this.#done, there: this.#there, moving };
    const lines = drawCopy(state, this.#out.columns || 80);
    this.#out.write(`${this.#erase()}${lines.map((line) => `${line}\n`).join('')}`);
    this.#lines = lines.length;
  }

  /** Back to the first line, and all below it away (ECMA-48 CPL, ED). */
  #erase(): string {
    return this.#lines === 0 ? '' : `\u001b[${this.#lines}F\u001b[J`;
  }

  close(): void {
    clearInterval(this.#timer);
    if (this.#lines > 0) this.#out.write(this.#erase());
    this.#lines = 0;
  }
}
