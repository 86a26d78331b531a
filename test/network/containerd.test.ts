import { mkdtemp, readdir, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Containerd, CriRuntime, type SandboxConfig, startContainerd } from '@sampan/kubelet';
import { hostAddressOf, leaseHolders, sandboxNamespace } from '@sampan/network';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canRunContainers } from '../../packages/kubelet/test/support.ts';
import { Dialer } from '../../packages/network/test/dial.ts';
import { Lab, whyNoLab } from '../../packages/network/test/lab.ts';

/** Where a control group is, in each hierarchy; those within it first. */
async function cgroups(path: string): Promise<string[]> {
  const roots = ['', ...(await readdir('/sys/fs/cgroup'))].map((name) => join('/sys/fs/cgroup', name, path));
  const found = await Promise.all(
    roots.map((root) =>
      readdir(root, { withFileTypes: true, recursive: true }).then(
        (entries) => ({ root, entries }),
        () => undefined,
      ),
    ),
  );
  return found.flatMap((tree) =>
    tree
      ? [
          tree.root,
          ...tree.entries
            .filter((entry) => entry.isDirectory())
            .map((entry) => join(entry.parentPath, entry.name)),
        ].sort((a, b) => b.length - a.length)
      : [],
  );
}

const isAble = whyNoLab() === undefined && (await canRunContainers());

describe.skipIf(!isAble)('containerd puts pods into the network of their cluster', () => {
  let lab: Lab;
  let folder: string;
  let containerd: Containerd;
  let runtime: CriRuntime;
  let host: Dialer;

  beforeAll(async () => {
    lab = await Lab.create('cri');
    folder = await mkdtemp(join(tmpdir(), 'nw'));
    const { conf, bin } = lab.folders;
    containerd = await startContainerd({ folder: join(folder, 'c'), cniConfFolder: conf, cniBinFolder: bin });
    runtime = new CriRuntime(containerd.socket);
    host = new Dialer();
  });
  afterAll(async () => {
    host?.close();
    runtime?.close();
    await containerd?.stop('end');
    for (const cgroup of await cgroups(`/${lab?.network.name}`)) await rmdir(cgroup).catch(() => {});
    if (folder) await rm(folder, { recursive: true, force: true });
    await lab?.close();
  });

  const sandboxOf = (name: string): SandboxConfig => ({
    name,
    namespace: sandboxNamespace(lab.network.name, 'default'),
    uid: `uid-${name}`,
    attempt: 0,
    labels: {},
    annotations: {},
    hostname: name,
    logFolder: folder,
    hostPorts: [],
    cgroupParent: `/${lab.network.name}`,
    network: 'pod',
    pid: 'pod',
    ipc: 'pod',
    sysctls: {},
    security: { privileged: false, supplementalGroups: [], seccomp: { type: 'RuntimeDefault' } },
  });

  it('with addresses of its range that the machine reaches, and takes them back', async () => {
    expect(await runtime.conditions()).toMatchObject({ networkReady: true });
    const ids = await Promise.all(['a', 'b', 'c'].map((name) => runtime.runSandbox(sandboxOf(name))));
    const ips = await Promise.all(ids.map(async (id) => (await runtime.sandboxStatus(id))?.ips[0] ?? ''));
    expect(new Set(ips).size).toBe(3);
    for (const ip of ips) {
      expect(ip).toMatch(/^10\.244\.0\.\d+$/);
      // nobody listens there, but somebody is there
      expect(await host.dial(hostAddressOf(lab.network, ip), 80)).toBe('refused');
    }
    const holders = await leaseHolders(lab.folders, lab.network.name);
    expect([...holders].sort()).toEqual(ips.map((ip, i) => [ip, ids[i]]).sort());
    for (const id of ids) {
      await runtime.stopSandbox(id);
      await runtime.removeSandbox(id);
    }
    expect((await leaseHolders(lab.folders, lab.network.name)).size).toBe(0);
  });
});
