import type { Duplex } from 'node:stream';
import type { Upgraded } from '@sampan/machinery/streams';

/** Passes on that a server switched protocols (RFC 9110 section 15.2.2), with what it sent right behind. */
export function sendSwitch(client: Duplex, { headers, head }: Pick<Upgraded, 'headers' | 'head'>): void {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((each) => `${name}: ${each}\r\n`),
  );
  client.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
  if (head.length > 0) client.write(head);
}
