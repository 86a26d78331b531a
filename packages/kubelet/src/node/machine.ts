import { readFile, statfs } from 'node:fs/promises';
import { arch, availableParallelism, release, totalmem } from 'node:os';

/** What a node tells of its machine, read once. */
export interface Machine {
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Of the file system that holds the agent's folder. */
  readonly diskBytes: number;
  /** As Go names it: amd64, arm64. */
  readonly architecture: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  readonly machineId: string;
  readonly systemUuid: string;
  readonly bootId: string;
}

const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm: 'arm', arm64: 'arm64' };

/** `folder`: one that exists, on the disk that pods use. */
export async function readMachine(folder: string): Promise<Machine> {
  const disk = await statfs(folder);
  const [osRelease, machineId, systemUuid, bootId] = await Promise.all([
    firstText('/etc/os-release', '/usr/lib/os-release'),
    firstText('/etc/machine-id', '/var/lib/dbus/machine-id'),
    firstText('/sys/class/dmi/id/product_uuid', '/etc/machine-id'),
    firstText('/proc/sys/kernel/random/boot_id'),
  ]);
  return {
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    diskBytes: disk.blocks * disk.bsize,
    architecture: GO_ARCHITECTURES[arch()] ?? arch(),
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)/m.exec(osRelease)?.[1] ?? 'Linux',
    machineId,
    systemUuid,
    bootId,
  };
}

/** Of the first file that can be read; empty when none can: none of them is on every machine. */
async function firstText(...files: readonly string[]): Promise<string> {
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text.trim() !== '') return text.trim();
  }
  return '';
}
