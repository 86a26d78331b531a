import { type Logger, SampanError } from '@sampan/base';
import { run } from '../command.ts';
import type { Endpoint } from './service-endpoints.ts';
import type { ServicePort } from './service-ports.ts';

/**
 * UDP endpoints that took part before and do not any more. The kernel sends a known UDP flow on to the same endpoint
 * as long as the client keeps sending, so these flows must be forgotten; TCP ends by itself. Pure.
 */
export function staleUdpEndpoints(before: readonly ServicePort[], after: readonly ServicePort[]): Endpoint[] {
  const present = new Set(udpEndpoints(after).map(keyOf));
  const stale = new Map(udpEndpoints(before).map((endpoint) => [keyOf(endpoint), endpoint]));
  return [...stale].filter(([key]) => !present.has(key)).map(([, endpoint]) => endpoint);
}

const keyOf = ({ ip, port }: Endpoint): string => `${ip}:${port}`;
const udpEndpoints = (ports: readonly ServicePort[]): Endpoint[] =>
  ports.flatMap(({ protocol, endpoints }) =>
    protocol === 'udp' ? [...endpoints.all, ...endpoints.local] : [],
  );

/** Makes the kernel forget the flows that Services sent to these endpoints. */
export async function forgetFlows(
  netns: string | undefined,
  endpoints: readonly Endpoint[],
  log: Logger,
): Promise<void> {
  for (const { ip, port } of endpoints) {
    const filter = ['-p', 'udp', '--dst-nat', ip, '--reply-port-src', String(port)];
    try {
      await run('conntrack', ['-D', ...filter], { netns });
    } catch (error) {
      // it fails when there was nothing to forget
      if (error instanceof SampanError && error.message.includes('0 flow entries')) continue;
      log.warn('UDP flows to an endpoint that is gone stay until they are idle', {
        ip,
        port,
        error: String(error),
      });
    }
  }
}
