import { createSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import type { SandboxDns } from '@sampan/kubelet';

/** An address of documentation (RFC 5737), which is nobody's: it stands for the outside. */
const OUTSIDE = '192.0.2.1';

/** The address that the machine has towards the outside; undefined: there is no way there. Sends nothing. */
export function machineAddress(): Promise<string | undefined> {
  const socket = createSocket('udp4');
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  socket.once('error', () => resolve(undefined));
  socket.connect(9, OUTSIDE, () => resolve(socket.address().address));
  return promise.finally(() => socket.close());
}

/** systemd-resolved's own answers on loopback; the servers behind it are in the second file. */
const STUB = '127.0.0.53';
const RESOLV_CONF = '/etc/resolv.conf';
const RESOLVED_CONF = '/run/systemd/resolve/resolv.conf';

/** The machine's resolv.conf, as pods may use it (resolv.conf(5)). */
export async function machineDns(): Promise<SandboxDns> {
  const text = await readFile(RESOLV_CONF, 'utf8').catch(() => '');
  const dns = parseResolver(text);
  if (!dns.servers.includes(STUB)) return dns;
  return parseResolver(await readFile(RESOLVED_CONF, 'utf8').catch(() => text));
}

function parseResolver(text: string): SandboxDns {
  const words = (keyword: string): string[][] =>
    text
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([first]) => first === keyword)
      .map(([, ...rest]) => rest);
  return {
    servers: words('nameserver').flatMap(([server]) => server ?? []),
    // the last one counts
    searches: words('search').at(-1) ?? [],
    options: words('options').flat(),
  };
}
