import { connect } from 'node:net';
import { failure, type ProbeOutcome, success } from './probe-outcome.ts';
import { hostPort, networkReason, type ProbePlace } from './probe-place.ts';

/** A connection can be opened (kubelet pkg/probe/tcp). Rejects only when `signal` aborts. */
export function probeTcp(place: ProbePlace, timeoutMs: number, signal: AbortSignal): Promise<ProbeOutcome> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: place.dial, port: place.port });
    const done = (settle: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      socket.destroy();
      settle();
    };
    const abort = (): void => done(() => reject(new Error('the probe was given up')));
    const late = failure(`dial tcp ${hostPort(place)}: i/o timeout`);
    const timer = setTimeout(() => done(() => resolve(late)), timeoutMs);
    signal.addEventListener('abort', abort);
    socket.once('connect', () => done(() => resolve(success())));
    socket.on('error', (error) => done(() => resolve(failure(networkReason(place, error)))));
  });
}
