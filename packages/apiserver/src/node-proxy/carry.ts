import type { Readable, Writable } from 'node:stream';
import { freeBytes } from '@sampan/base';
import type { HttpRequest, HttpResponse } from '../http/exchange.ts';

/** Of one body as many bytes are on their way at most, and reading goes on once so few are. */
const MOST_BYTES = 256 << 10;
const FEW_BYTES = 64 << 10;

/**
 * Carries the body of a message on, and ends `to` when it ends. What of it comes in one turn of the event loop, in
 * pieces of 16 KB from TLS, is written at once; the memory of each piece is freed when it is gone, since at full speed
 * collecting it would take more time than all else. It reads no faster than `to` takes; what comes when that is closed
 * is thrown away. Who calls destroys one when the other breaks off.
 */
export function carry(from: HttpRequest | Readable, to: HttpResponse | Writable): void {
  const source = from as Readable;
  const target = to as Writable;
  let underway = 0;
  let gathering: NodeJS.Immediate | undefined;
  const write = () => {
    gathering = undefined;
    target.uncork();
  };
  source.on('data', (piece: Uint8Array) => {
    if (target.destroyed) return;
    const { length } = piece;
    underway += length;
    if (!gathering) {
      target.cork();
      gathering = setImmediate(write);
    }
    target.write(piece, () => {
      freeBytes(piece);
      underway -= length;
      if (underway <= FEW_BYTES && source.isPaused()) source.resume();
    });
    if (underway >= MOST_BYTES) source.pause();
  });
  target.on('close', () => source.resume());
  source.on('end', () => {
    if (gathering) clearImmediate(gathering);
    // a client that breaks off by NO_ERROR lets its body end as if it were whole
    if (isAborted(from)) target.destroy();
    else if (!target.destroyed) target.end();
  });
}

const isAborted = (message: object): boolean => 'aborted' in message && message.aborted === true;
