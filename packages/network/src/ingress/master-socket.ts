import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A reload parses the configuration first; after this it is not going to be. */
const READY_MS = 15_000;
const RETRY_MS = 20;
const ANSWER_MS = 5000;

/**
 * Asks HAProxy's first process (Management Guide, "Master CLI"); `@1` in front of a command hands it to the present
 * worker. Resolves with the answer. Fails with the socket's error.
 */
export async function askMaster(path: string, command: string): Promise<string> {
  const socket = connect(path);
  const done = Promise.withResolvers<void>();
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  socket.once('error', done.reject).once('close', () => done.resolve());
  socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error(`no answer within ${ANSWER_MS} ms`)));
  // the second command ends the connection after the answer; closing this side first would lose it
  socket.write(`${command};quit\n`);
  try {
    await done.promise;
    return text;
  } finally {
    socket.destroy();
  }
}

/**
 * Resolves when a worker that has the configuration of the last (re)load answers. `isAlive` is asked when nobody
 * answers: false ends the wait.
 */
export async function workerReady(
  path: string,
  signal: AbortSignal,
  isAlive: () => Promise<boolean>,
): Promise<void> {
  const end = Date.now() + READY_MS;
  for (;;) {
    signal.throwIfAborted();
    try {
      if ((await askMaster(path, '@1 show info')).includes('Uptime_sec')) return;
    } catch (error) {
      if (Date.now() > end || !(await isAlive())) throw error;
    }
    if (Date.now() > end) throw new Error('HAProxy did not become ready');
    // the socket is not there for a moment while the program starts
    await sleep(RETRY_MS, undefined, { signal });
  }
}

/** A connection that lasts as long as the program that is there now: `onGone` is called once, but not after `close`. */
export function watchMaster(path: string, onGone: () => void): { close(): void } {
  const socket: Socket = connect(path);
  let isClosed = false;
  socket.write('prompt\n');
  socket.resume();
  socket.on('error', () => {});
  socket.on('close', () => {
    if (!isClosed) onGone();
  });
  return {
    close: () => {
      isClosed = true;
      socket.destroy();
    },
  };
}
