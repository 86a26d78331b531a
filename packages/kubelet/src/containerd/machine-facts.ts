import { readFile, stat } from 'node:fs/promises';
import { SampanError } from '@sampan/base';
import type { MachineFacts } from './containerd-config.ts';

const CAP_SYS_RESOURCE = 24n;
const CNI_FOLDERS = ['/usr/lib/cni', '/opt/cni/bin'];

/** Reads what containerd's configuration depends on. Throws `cni-plugins-missing`. */
export async function readMachineFacts(cniBinFolder?: string): Promise<MachineFacts> {
  const folder = cniBinFolder ?? (await firstFolder(CNI_FOLDERS));
  if (!folder) {
    throw new SampanError('cni-plugins-missing', `no CNI plug-ins in ${CNI_FOLDERS.join(' or ')}`, {
      hint: 'Install them: apt-get install containernetworking-plugins',
    });
  }
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(await readFile('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return { cniBinFolder: folder, sysResource: ((BigInt(`0x${effective}`) >> CAP_SYS_RESOURCE) & 1n) === 1n };
}

async function firstFolder(folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    if ((await stat(folder).catch(() => undefined))?.isDirectory()) return folder;
  }
  return undefined;
}
