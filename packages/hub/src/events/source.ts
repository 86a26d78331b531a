import type { Call } from '../api/call.ts';
import type { EventSource } from './event.ts';

/** More is no name of a program, and would be kept with every event. */
const USER_AGENT_LENGTH = 256;

/** Who makes a request, and from where. */
export function sourceOf({ caller, request }: Pick<Call, 'caller' | 'request'>): EventSource {
  const userAgent = (request.headers['user-agent'] ?? '').slice(0, USER_AGENT_LENGTH);
  return { actor: caller.name, address: request.origin.address, userAgent };
}
