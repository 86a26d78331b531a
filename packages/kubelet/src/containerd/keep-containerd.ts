import { connect } from 'node:net';
import { type Clock, type Logger, messageOf } from '@sampan/base';
import { type Containerd, startContainerd } from './containerd.ts';
import type { ContainerdOptions } from './containerd-config.ts';

const LEAST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** containerd that ran so long before it ended is started again at once. */
const GOOD_RUN_MS = 10_000;

/**
 * Starts containerd again whenever it ends by itself: its containers run on meanwhile. It is noticed at once, by a
 * connection that breaks. The returned function ends this, not containerd.
 */
export function keepContainerd(
  first: Containerd,
  options: ContainerdOptions,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): () => void {
  let present = first;
  let running = true;
  let pauseMs = LEAST_PAUSE_MS;
  let cancel = (): void => {};
  const watch = (): void => {
    const since = clock.monotonic();
    const socket = connect(present.socket);
    socket.unref();
    // containerd itself closes connections that say nothing
    socket.once('close', () => {
      if (running) void look(since);
    });
    socket.on('error', () => {});
    socket.resume();
    cancel = () => socket.destroy();
  };
  const look = async (since: number): Promise<void> => {
    if (clock.monotonic() - since > GOOD_RUN_MS) pauseMs = LEAST_PAUSE_MS;
    const runs = await present.running();
    if (!running) return;
    if (runs) {
      // a moment, should it be ending
      cancel = clock.schedule(watch, LEAST_PAUSE_MS);
      return;
    }
    await restart();
  };
  const restart = async (): Promise<void> => {
    log.warn('containerd ended and is started again', { pid: present.pid });
    try {
      present = await startContainerd(options);
      if (running) watch();
    } catch (error) {
      log.error('containerd cannot be started', { error: messageOf(error) });
      pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs);
      if (running) cancel = clock.schedule(() => void restart(), pauseMs);
    }
  };
  watch();
  return () => {
    running = false;
    cancel();
  };
}
