import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { replaceFile } from '../replace-file.ts';
import type { ProxyPorts } from './haproxy-config.ts';

const FILE = 'ports.json';
/** Tried in this order; 0 is any that is free. */
const HTTP_PORTS = [80, 8080, 0];
const HTTPS_PORTS = [443, 8443, 0];

export interface ChooseOptions {
  /** Tried after those of the last time. */
  readonly preferred?: ProxyPorts | undefined;
  /** Ports that are not free though nobody listens there. */
  readonly isTaken?: ((port: number) => boolean) | undefined;
}

/**
 * The ports to listen at: those of the last time if they are free, else the usual ones, else others. They are
 * remembered in the folder.
 */
export async function choosePorts(
  folder: string,
  addresses: readonly string[],
  { preferred, isTaken = () => false }: ChooseOptions = {},
): Promise<ProxyPorts> {
  const known = await rememberedPorts(folder);
  const free = (ports: readonly number[]) => ports.filter((port) => port === 0 || !isTaken(port));
  const last = (name: keyof ProxyPorts) => [known, preferred].flatMap((ports) => ports?.[name] ?? []);
  const http = await firstFree(free([...last('http'), ...HTTP_PORTS]), addresses);
  const https = await firstFree(free([...last('https'), ...HTTPS_PORTS]), addresses, http);
  const ports = { http, https };
  await replaceFile(join(folder, FILE), `${JSON.stringify(ports)}\n`);
  return ports;
}

/** undefined: none were chosen yet. */
export async function rememberedPorts(folder: string): Promise<ProxyPorts | undefined> {
  const text = await readFile(join(folder, FILE), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : (JSON.parse(text) as ProxyPorts);
}

async function firstFree(
  ports: readonly number[],
  addresses: readonly string[],
  taken?: number,
): Promise<number> {
  for (const port of ports) {
    const found = port === taken ? undefined : await freeOn(port, addresses);
    if (found !== undefined) return found;
  }
  throw new Error('no port is free');
}

/** The port if it is free on all addresses; for 0 one that is. */
async function freeOn(port: number, addresses: readonly string[]): Promise<number | undefined> {
  let wanted = port;
  for (const address of addresses) {
    const found = await tryListen(wanted, address);
    if (found === undefined) return undefined;
    wanted = found;
  }
  return wanted;
}

async function tryListen(port: number, address: string): Promise<number | undefined> {
  const server = createServer();
  try {
    server.listen(port, address);
    await once(server, 'listening');
    const bound = server.address();
    return typeof bound === 'object' && bound ? bound.port : undefined;
  } catch {
    return undefined;
  } finally {
    server.close();
  }
}
