import { readFile, readlink } from 'node:fs/promises';
import type { InterfaceStats, NetworkStats } from './summary.ts';

/** The interface that stands for the whole (kubelet defaultNetworkInterfaceName). */
const DEFAULT_INTERFACE = 'eth0';

/**
 * The interfaces of the network namespace that one of these processes is in; undefined when all of them are on the
 * machine's own network, or gone.
 */
export async function readPodNetwork(
  pids: readonly number[],
  time: string,
): Promise<NetworkStats | undefined> {
  const own = await readlink('/proc/self/ns/net');
  for (const pid of pids) {
    const theirs = await readlink(`/proc/${pid}/ns/net`).catch(() => own);
    if (theirs === own) continue;
    const text = await readFile(`/proc/${pid}/net/dev`, 'utf8').catch(() => undefined);
    if (text !== undefined) return networkStats(text, time);
  }
  return undefined;
}

export async function readMachineNetwork(time: string): Promise<NetworkStats | undefined> {
  return networkStats(await readFile('/proc/self/net/dev', 'utf8'), time);
}

/** From /proc/net/dev (proc(5)); loopback does not count. Pure. */
export function networkStats(text: string, time: string): NetworkStats | undefined {
  const interfaces = text
    .split('\n')
    .map(parseLine)
    .filter((each) => each !== undefined && each.name !== 'lo') as InterfaceStats[];
  const whole = interfaces.find(({ name }) => name === DEFAULT_INTERFACE) ?? interfaces[0];
  return whole && { time, ...whole, interfaces };
}

function parseLine(line: string): InterfaceStats | undefined {
  const [name, counters] = line.split(':');
  if (name === undefined || counters === undefined) return undefined;
  const values = counters.trim().split(/\s+/).map(Number);
  const [rxBytes = 0, , rxErrors = 0, , , , , , txBytes = 0, , txErrors = 0] = values;
  return { name: name.trim(), rxBytes, rxErrors, txBytes, txErrors };
}
