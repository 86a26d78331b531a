/**
 * A process of its own that holds watches on raw TLS sockets and only counts newlines: an event is a line.
 * Messages in: `begin` (where and how many), then `finish` with the times of the changes; out: `ready`, `seen`
 * when every watcher has seen every change, `latencies`. Times are in milliseconds of the monotonic clock, which all
 * processes of a machine share.
 */
import { connect, type TLSSocket } from 'node:tls';
import { now } from './monotonic.ts';

export interface Begin {
  readonly type: 'begin';
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly token: string;
  readonly watchers: number;
  readonly changes: number;
}

export interface Finish {
  readonly type: 'finish';
  /** When each change was sent, ascending. */
  readonly sent: readonly number[];
}

export type Report =
  | { readonly type: 'ready' }
  | { readonly type: 'seen'; readonly at: number }
  | { readonly type: 'latencies'; readonly p50: number; readonly p99: number };

const LINE = 10;
const RETURN = 13;

const tell = (report: Report) => process.send?.(report);

class Watcher {
  readonly times: Float64Array;
  readonly socket: TLSSocket;
  #seen = 0;
  #last = 0;
  #inBody = false;
  readonly #done: () => void;

  constructor({ host, port, path, token, changes }: Begin, open: () => void, done: () => void) {
    this.times = new Float64Array(changes);
    this.#done = done;
    this.socket = connect({ host, port, rejectUnauthorized: false }, () => {
      this.socket.write(
        `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\nAccept: application/json\r\n\r\n`,
      );
    });
    this.socket.on('error', (error) => {
      throw error;
    });
    this.socket.on('data', (chunk: Buffer) => {
      if (this.#inBody) return this.#count(chunk);
      const head = chunk.toString('latin1');
      if (!head.startsWith('HTTP/1.1 200')) throw new Error(head);
      this.#inBody = true;
      open();
    });
  }

  /** Lines end in \n; those of the chunked encoding (RFC 9112 section 7.1), which do not count, in \r\n. */
  #count(chunk: Buffer): void {
    const at = now();
    for (let i = chunk.indexOf(LINE); i >= 0; i = chunk.indexOf(LINE, i + 1)) {
      if ((i > 0 ? chunk[i - 1] : this.#last) === RETURN) continue;
      this.times[this.#seen++] = at;
      if (this.#seen === this.times.length) this.#done();
    }
    this.#last = chunk[chunk.length - 1] ?? 0;
  }
}

let watchers: Watcher[] = [];

function begin(message: Begin): void {
  let opened = 0;
  let finished = 0;
  const open = () => {
    if (++opened === message.watchers) tell({ type: 'ready' });
  };
  const done = () => {
    if (++finished === message.watchers) tell({ type: 'seen', at: now() });
  };
  watchers = Array.from({ length: message.watchers }, () => new Watcher(message, open, done));
}

/** How long after the n-th change was sent each watcher had seen n changes. */
function finish({ sent }: Finish): void {
  const all = watchers.flatMap(({ times }) => Array.from(times, (time, n) => time - (sent[n] ?? 0)));
  all.sort((a, b) => a - b);
  const at = (share: number) => all[Math.min(all.length - 1, Math.floor(all.length * share))] ?? 0;
  tell({ type: 'latencies', p50: at(0.5), p99: at(0.99) });
  for (const { socket } of watchers) socket.destroy();
  process.disconnect();
}

process.on('message', (message: Begin | Finish) => {
  if (message.type === 'begin') begin(message);
  else finish(message);
});
