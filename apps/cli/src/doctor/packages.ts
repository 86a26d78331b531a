import { accessSync, closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRAM_FOLDERS } from '../program-folders.ts';

/** A Debian package and what of it tells that it, or another that does the same, is there. */
export interface SystemPackage {
  readonly name: string;
  /** Each line: one of these is enough. Names without a slash are looked for where programs are. */
  readonly provides: readonly (readonly string[])[];
  /** What does not work without it; for people. */
  readonly without: string;
  /** Sampan runs containers without it, too. */
  readonly optional?: boolean;
  /** A service that comes with the package and that Sampan does not use: it runs its own. */
  readonly service?: string;
}

/** Where a static busybox is put on machines whose own is of another kind. */
export const OWN_BUSYBOX = '/usr/local/lib/sampan/busybox';
const BUSYBOXES = [OWN_BUSYBOX, '/usr/bin/busybox', '/bin/busybox'];

/** What Debian has that Sampan runs containers with. Docker's containerd.io does for the first two, too. */
export const SYSTEM_PACKAGES: readonly SystemPackage[] = [
  {
    name: 'containerd',
    provides: [['containerd'], ['ctr']],
    without: 'containers cannot run',
    service: 'containerd.service',
  },
  { name: 'runc', provides: [['runc']], without: 'containers cannot run' },
  {
    name: 'containernetworking-plugins',
    provides: [['/usr/lib/cni/bridge', '/opt/cni/bin/bridge']],
    without: 'pods have no network',
  },
  { name: 'nftables', provides: [['nft']], without: 'pods and Services have no network' },
  { name: 'iproute2', provides: [['ip']], without: 'pods have no network' },
  { name: 'conntrack', provides: [['conntrack']], without: 'UDP clients stay with endpoints that went' },
  { name: 'kmod', provides: [['modprobe']], without: 'kernel modules for the network cannot be loaded' },
  { name: 'busybox-static', provides: [], without: 'the sample application cannot be built' },
  {
    name: 'catatonit',
    provides: [['catatonit']],
    without: 'pods that share processes do not clear up ended ones',
    optional: true,
  },
  {
    name: 'haproxy',
    provides: [['haproxy']],
    without: 'Ingress objects lead nowhere',
    optional: true,
    service: 'haproxy.service',
  },
  { name: 'runsc', provides: [['runsc']], without: 'the runtime class gvisor does not run', optional: true },
];

/** The packages of which something is not there. Reads the file system only: a millisecond. */
export function missingPackages(path = ''): SystemPackage[] {
  const folders = [...new Set([...path.split(':').filter(Boolean), ...PROGRAM_FOLDERS])];
  return SYSTEM_PACKAGES.filter((entry) =>
    entry.name === 'busybox-static'
      ? staticBusybox() === undefined
      : !entry.provides.every((names) => names.some((name) => isThere(name, folders))),
  );
}

/** The first busybox that runs without libraries, so that an image can be made of it alone. */
export function staticBusybox(): string | undefined {
  return BUSYBOXES.find(isStaticProgram);
}

function isThere(name: string, folders: readonly string[]): boolean {
  const files = name.startsWith('/') ? [name] : folders.map((folder) => join(folder, name));
  return files.some((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const PT_INTERP = 3;

/** Whether it is a 64-bit ELF program without an interpreter (elf(5), `PT_INTERP`), that is: without libraries. */
function isStaticProgram(file: string): boolean {
  const head = readHead(file, 4096);
  if (!head || head.length < 64 || head.readUInt32BE(0) !== 0x7f454c46 || head[4] !== 2) return false;
  const offset = Number(head.readBigUInt64LE(32));
  const size = head.readUInt16LE(54);
  const count = head.readUInt16LE(56);
  for (let index = 0; index < count; index++) {
    const at = offset + index * size;
    if (at + 4 > head.length || head.readUInt32LE(at) === PT_INTERP) return false;
  }
  return true;
}

function readHead(file: string, length: number): Buffer | undefined {
  let handle: number;
  try {
    handle = openSync(file, 'r');
  } catch {
    // not there, or not for this user: either way it cannot be used
    return undefined;
  }
  try {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(handle, bytes, 0, length, 0));
  } finally {
    closeSync(handle);
  }
}
