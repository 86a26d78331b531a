import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { k8s } from '@sampan/api';
import { silentLogger, systemClock } from '@sampan/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createPodVolumes,
  LocalVolumes,
  type ManagedPodVolumes,
  type NodeFacts,
  type PodVolumesOptions,
} from '../src/index.ts';
import { mountAt, mountTable, unmountAll } from '../src/volumes/mounts.ts';
import { MadeSources } from './made-sources.ts';
import { canRunContainers, run, shell, testPod } from './support.ts';

const able = await canRunContainers();

describe.skipIf(!able)('volumes of pods on the machine', () => {
  let folder: string;
  let sources: MadeSources;
  let volumes: ManagedPodVolumes;
  let events: string[];
  let retries: string[];

  const start = (more: Partial<PodVolumesOptions> = {}): ManagedPodVolumes => {
    const node: NodeFacts = {
      hostIPs: ['192.0.2.1'],
      memoryBytes: 2 ** 32,
      allocatable: { cpu: '2', memory: '4Gi' },
      logFolder: `${folder}/logs`,
      podFolder: `${folder}/pods`,
      seccompFolder: `${folder}/seccomp`,
      cgroupRoot: '/none',
      nodeDns: { servers: [], searches: [], options: [] },
    };
    const made = createPodVolumes({ node, clock: systemClock, logger: silentLogger, sources, ...more });
    made.listen({
      retry: (uid) => retries.push(uid),
      event: (_, { reason, message }) => events.push(`${reason} ${message}`),
    });
    return made;
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kv'));
    [sources, events, retries] = [new MadeSources(), [], []];
    volumes = start();
  });

  afterEach(async () => {
    await volumes.close();
    await unmountAll(`${folder}/pods`);
    expect((await mountTable()).filter(({ point }) => point.startsWith(folder))).toEqual([]);
    await rm(folder, { recursive: true });
  });

  /** A pod whose container mounts all these volumes at /NAME. */
  const podOf = (list: k8s.Volume[], more: Partial<k8s.PodSpec> = {}, mount: Partial<k8s.VolumeMount> = {}) =>
    testPod('p', {
      containers: [
        shell('c', 'sleep 1', {
          volumeMounts: list.map(({ name }) => ({ name, mountPath: `/${name}`, ...mount })),
        }),
      ],
      volumes: list,
      ...more,
    });

  const container = (pod: k8s.Pod) => pod.spec?.containers?.[0] ?? shell('none', '');

  const ready = async (pod: k8s.Pod, variables: [string, string][] = []) => {
    volumes.update(pod);
    await volumes.prepare(pod);
    return volumes.mounts(pod, container(pod), new Map(variables));
  };

  const pathOf = async (pod: k8s.Pod) => (await ready(pod))[0]?.hostPath ?? '';
  const modeOf = async (path: string) => (await stat(path)).mode & 0o7777;

  it('makes an empty folder that anyone may write, once', async () => {
    const pod = podOf([{ name: 'e', emptyDir: {} }]);
    const path = await pathOf(pod);
    expect(path).toBe(`${folder}/pods/${pod.metadata?.uid}/volumes/kubernetes.io~empty-dir/e`);
    expect(await modeOf(path)).toBe(0o777);
    await writeFile(`${path}/kept`, 'x');
    expect(await pathOf(pod)).toBe(path);
    expect(await readdir(path)).toEqual(['kept']);
    await volumes.release(pod);
    await expect(stat(path)).rejects.toThrow('ENOENT');
    await volumes.release(pod);
  });

  it('keeps an emptyDir of medium Memory in memory, and within its limit', async () => {
    const pod = podOf([{ name: 'm', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }]);
    const path = await pathOf(pod);
    expect((await mountAt(path))?.type).toBe('tmpfs');
    expect(await modeOf(path)).toBe(0o1777);
    await expect(writeFile(`${path}/big`, Buffer.alloc(2 ** 21))).rejects.toThrow('ENOSPC');
    await volumes.release(pod);
    expect(await mountAt(path)).toBeUndefined();
  });

  it('gives volumes to the group of the pod', async () => {
    await mkdir(`${folder}/data/deep`, { recursive: true });
    await writeFile(`${folder}/data/deep/f`, '', { mode: 0o600 });
    await symlink('/etc/hostname', `${folder}/data/link`);
    sources.bind('data', { local: { path: `${folder}/data` } });
    sources.set('ConfigMap', 'cm', { data: { a: '1' } });
    const pod = podOf(
      [
        { name: 'claim', persistentVolumeClaim: { claimName: 'data' } },
        { name: 'e', emptyDir: {} },
        { name: 'c', configMap: { name: 'cm', defaultMode: 0o400 } },
      ],
      { securityContext: { fsGroup: 4321 } },
    );
    const [claim = '', empty = '', config = ''] = (await ready(pod)).map(({ hostPath }) => hostPath);
    const facts = async (path: string) => {
      const { gid, mode } = await stat(path);
      return `${gid} ${(mode & 0o7777).toString(8)}`;
    };
    expect(await facts(claim)).toBe('4321 2775');
    expect(await facts(`${claim}/deep/f`)).toBe('4321 660');
    expect(await facts('/etc/hostname')).not.toMatch(/^4321/);
    expect(await facts(empty)).toBe('4321 2777');
    expect(await facts(`${config}/a`)).toBe('4321 440');
  });

  it('leaves a volume alone that the group has, when the pod asks for that', async () => {
    await mkdir(`${folder}/data`);
    sources.bind('data', { local: { path: `${folder}/data` } });
    const list = [{ name: 'claim', persistentVolumeClaim: { claimName: 'data' } }];
    const securityContext = { fsGroup: 77, fsGroupChangePolicy: 'OnRootMismatch' };
    await ready(podOf(list, { securityContext }));
    await writeFile(`${folder}/data/own`, '', { mode: 0o600 });
    await ready(podOf(list, { securityContext }));
    expect(await modeOf(`${folder}/data/own`)).toBe(0o600);
    await ready(podOf(list, { securityContext: { fsGroup: 77 } }));
    expect(await modeOf(`${folder}/data/own`)).toBe(0o660);
  });

  it('shows a config map as files, with the keys and modes that are chosen', async () => {
    sources.set('ConfigMap', 'cm', { data: { a: '1', b: '2' }, binaryData: { raw: 'AP8=' } });
    const whole = await pathOf(podOf([{ name: 'c', configMap: { name: 'cm', defaultMode: 0o644 } }]));
    expect((await readdir(whole)).filter((name) => !name.startsWith('..'))).toEqual(['a', 'b', 'raw']);
    expect(await readlink(`${whole}/a`)).toBe('..data/a');
    expect(await readFile(`${whole}/raw`)).toEqual(Buffer.from([0, 255]));
    const items = [{ key: 'a', path: 'x/y/a.txt', mode: 0o600 }];
    const chosen = await pathOf(podOf([{ name: 'c', configMap: { name: 'cm', items } }]));
    expect(await readFile(`${chosen}/x/y/a.txt`, 'utf8')).toBe('1');
    expect(await modeOf(`${chosen}/x/y/a.txt`)).toBe(0o600);
    const [mount] = await ready(podOf([{ name: 'c', configMap: { name: 'cm' } }]));
    expect(mount?.readOnly).toBe(true);
  });

  it('follows changes of what it shows, all at once', async () => {
    sources.set('ConfigMap', 'cm', { data: { a: '1', gone: 'x' } });
    const pod = podOf([{ name: 'c', configMap: { name: 'cm' } }]);
    const path = await pathOf(pod);
    const before = await readlink(`${path}/..data`);
    sources.set('ConfigMap', 'cm', { data: { a: '2', fresh: 'y' } });
    await expect.poll(() => readFile(`${path}/a`, 'utf8')).toBe('2');
    await expect
      .poll(async () => (await readdir(path)).filter((n) => !n.startsWith('..')))
      .toEqual(['a', 'fresh']);
    await expect.poll(() => readdir(path)).not.toContain(before);
    const same = await readlink(`${path}/..data`);
    sources.set('ConfigMap', 'cm', { data: { a: '2', fresh: 'y' } });
    await volumes.prepare(pod);
    expect(await readlink(`${path}/..data`)).toBe(same);
    // what a running pod has stays when its source goes
    sources.remove('ConfigMap', 'cm');
    await expect
      .poll(() => events)
      .toContain('FailedMount MountVolume.SetUp failed for volume "c" : configmap "cm" not found');
    expect(await readFile(`${path}/a`, 'utf8')).toBe('2');
  });

  it('waits for what must be there, tells of it, and is told when it appears', async () => {
    const pod = podOf([{ name: 's', secret: { secretName: 'later' } }]);
    await expect(volumes.prepare(pod)).rejects.toMatchObject({ reason: 'FailedMount' });
    expect(events).toEqual([
      'FailedMount MountVolume.SetUp failed for volume "s" : secret "later" not found',
    ]);
    sources.set('Secret', 'later', { data: { k: Buffer.from('v').toString('base64') } });
    expect(retries).toEqual([pod.metadata?.uid]);
    const path = await pathOf(pod);
    expect(await readFile(`${path}/k`, 'utf8')).toBe('v');
    expect((await run('stat', ['-f', '-c', '%T', path])).stdout.trim()).toBe('tmpfs');
  });

  it('shows nothing of optional sources that are missing, and shows them when they come', async () => {
    const optional = true;
    const pod = podOf([
      {
        name: 'p',
        projected: {
          sources: [{ configMap: { name: 'no', optional } }, { secret: { name: 'no', optional } }],
        },
      },
      { name: 'c', configMap: { name: 'some', optional, items: [{ key: 'k', path: 'p' }] } },
    ]);
    sources.set('ConfigMap', 'some', { data: { other: '' } });
    const [projected = '', config = ''] = (await ready(pod)).map(({ hostPath }) => hostPath);
    const visible = async (path: string) => (await readdir(path)).filter((name) => !name.startsWith('..'));
    expect([await visible(projected), await visible(config)]).toEqual([[], []]);
    sources.set('ConfigMap', 'no', { data: { n: '1' } });
    await expect.poll(() => visible(projected)).toEqual(['n']);
    sources.remove('ConfigMap', 'no');
    await expect.poll(() => visible(projected)).toEqual([]);
  });

  it('says which key is missing', async () => {
    sources.set('ConfigMap', 'cm', { data: {} });
    const pod = podOf([{ name: 'c', configMap: { name: 'cm', items: [{ key: 'k', path: 'p' }] } }]);
    await expect(volumes.prepare(pod)).rejects.toThrow('configmap references non-existent config key: k');
  });

  it('never writes outside the volume', async () => {
    sources.set('ConfigMap', 'cm', { data: { k: 'x' } });
    for (const path of ['../out', '/etc/out', 'a/../../out', '..x']) {
      const pod = podOf([{ name: 'c', configMap: { name: 'cm', items: [{ key: 'k', path }] } }]);
      await expect(volumes.prepare(pod)).rejects.toThrow('invalid path');
    }
  });

  it('shows fields of the pod, and follows its labels', async () => {
    const items: k8s.DownwardAPIVolumeFile[] = [
      { path: 'name', fieldRef: { fieldPath: 'metadata.name' } },
      { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
      { path: 'one', fieldRef: { fieldPath: "metadata.labels['app']" } },
      { path: 'cpu', resourceFieldRef: { containerName: 'c', resource: 'limits.cpu' } },
    ];
    const pod = podOf([{ name: 'd', downwardAPI: { items } }]);
    const path = await pathOf(pod);
    const text = (name: string) => readFile(`${path}/${name}`, 'utf8');
    expect([await text('name'), await text('labels'), await text('one'), await text('cpu')]).toEqual([
      'p',
      'app="p"',
      'p',
      '2',
    ]);
    volumes.update({ ...pod, metadata: { ...pod.metadata, labels: { app: 'new', 'b"': '"' } } });
    await expect.poll(() => text('labels')).toBe('app="new"\nb"="\\""');
  });

  it('projects several sources into one folder and replaces tokens before they expire', async () => {
    sources.tokenLife = 3000;
    sources.set('ConfigMap', 'kube-root-ca.crt', { data: { 'ca.crt': 'CA' } });
    const list: k8s.VolumeProjection[] = [
      { serviceAccountToken: { path: 'token', expirationSeconds: 3 } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
    ];
    const pod = podOf([{ name: 't', projected: { sources: list, defaultMode: 0o644 } }], {
      securityContext: { runAsUser: 1001 },
    });
    const path = await pathOf(pod);
    expect((await readdir(path)).filter((n) => !n.startsWith('..'))).toEqual([
      'ca.crt',
      'namespace',
      'token',
    ]);
    expect(await readFile(`${path}/token`, 'utf8')).toBe('default-1');
    expect(await stat(`${path}/token`)).toMatchObject({ uid: 1001 });
    expect(await modeOf(`${path}/token`)).toBe(0o600);
    expect(sources.requests[0]).toEqual({
      audiences: [],
      expirationSeconds: 3,
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: pod.metadata?.uid },
    });
    await expect.poll(() => readFile(`${path}/token`, 'utf8'), { timeout: 5000 }).not.toBe('default-1');
  });

  it('refuses kinds that are not there with the reason that upstream gives', async () => {
    const text = async (volume: k8s.Volume) => {
      const error: unknown = await volumes.prepare(podOf([volume])).catch((thrown: unknown) => thrown);
      return error instanceof Error ? error.message : '';
    };
    expect(await text({ name: 'v', csi: { driver: 'd' } })).toContain(
      'driver name d not found in the list of registered CSI drivers',
    );
    expect(await text({ name: 'v', nfs: { server: 's', path: '/' } })).toContain('no volume plugin matched');
    expect(await text({ name: 'v', emptyDir: { medium: 'HugePages' } })).toContain(
      'huge pages are not supported',
    );
    expect(
      await text({ name: 'v', projected: { sources: [{ clusterTrustBundle: { path: 'x' } }] } }),
    ).toContain('ClusterTrustBundle projection is not supported');
  });

  it('leaves volumes alone that no container uses', async () => {
    const pod = podOf([]);
    await ready({
      ...pod,
      spec: {
        ...pod.spec,
        volumes: [{ name: 'x', secret: { secretName: 'none' } }],
        containers: pod.spec?.containers ?? [],
      },
    });
    expect(events).toEqual([]);
  });

  it('checks the type of places on the machine', async () => {
    const use = (path: string, type: string) => ready(podOf([{ name: 'h', hostPath: { path, type } }]));
    await use(`${folder}/made`, 'DirectoryOrCreate');
    expect(await modeOf(`${folder}/made`)).toBe(0o755);
    await use(`${folder}/file`, 'FileOrCreate');
    expect((await use('/dev/null', 'CharDevice'))[0]?.hostPath).toBe('/dev/null');
    const refused: [string, string, string][] = [
      ['/dev/null', 'File', 'is not a file'],
      [`${folder}/file`, 'DirectoryOrCreate', 'is not a directory'],
      [`${folder}/none`, 'Directory', 'is not a directory'],
      [`${folder}/file`, 'Socket', 'is not a socket file'],
      ['/dev/null', 'BlockDevice', 'is not a block device'],
    ];
    for (const [path, type, why] of refused)
      await expect(use(path, type)).rejects.toThrow(`hostPath type check failed: ${path} ${why}`);
  });

  it('gives only those places of the machine that are allowed, by whatever kind of volume', async () => {
    await mkdir(`${folder}/ours`);
    await writeFile(`${folder}/ours/f`, 'x');
    await symlink('/etc', `${folder}/ours/out`);
    await volumes.close();
    volumes = start({ hostPaths: [{ prefix: `${folder}/ours`, readOnly: false }] });
    const list = (path: string) => [{ name: 'h', hostPath: { path, type: '' } }];
    const path = await pathOf(podOf(list(`${folder}/ours`)));
    expect(path).toContain('/volumes/kubernetes.io~host-path/h');
    expect(await readFile(`${path}/f`, 'utf8')).toBe('x');
    expect(await readFile(await pathOf(podOf(list(`${folder}/ours/f`))), 'utf8')).toBe('x');
    for (const bad of ['/etc', `${folder}/ours/out`]) {
      await expect(volumes.prepare(podOf(list(bad)))).rejects.toThrow(
        'is not among the folders that are allowed',
      );
      sources.bind('bad', { hostPath: { path: bad } });
      const claim = [{ name: 'v', persistentVolumeClaim: { claimName: 'bad' } }];
      await expect(volumes.prepare(podOf(claim))).rejects.toThrow(
        'is not among the folders that are allowed',
      );
      sources.bind('bad', { local: { path: bad } });
      await expect(volumes.prepare(podOf(claim))).rejects.toThrow(
        'is not among the folders that are allowed',
      );
    }
    await volumes.release(podOf([]));
    const read = podOf(list(`${folder}/ours`));
    await ready(read);
    await volumes.release(read);
    expect(await readdir(`${folder}/ours`)).toEqual(['f', 'out']);
  });

  it('tells why a claim cannot be used', async () => {
    const use = () => volumes.prepare(podOf([{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }]));
    const begin =
      'Unable to attach or mount volumes: unmounted volumes=[v], unattached volumes=[], failed to process volumes=[v]: error processing PVC default/data: ';
    await expect(use()).rejects.toThrow(
      `${begin}failed to fetch PVC from API server: persistentvolumeclaims "data" not found`,
    );
    sources.claims.set('default/data', { metadata: { name: 'data' }, status: { phase: 'Pending' } });
    await expect(use()).rejects.toThrow(`${begin}PVC is not bound`);
    sources.bind('data', { local: { path: `${folder}/nowhere` } });
    await expect(use()).rejects.toThrow(
      `MountVolume.NewMounter initialization failed for volume "pv-data" : path "${folder}/nowhere" does not exist`,
    );
    sources.bind('data', { local: { path: folder }, volumeMode: 'Block' });
    await expect(use()).rejects.toThrow('volume v has volumeMode Block, but is specified in volumeMounts');
  });

  it('uses the claim that was made for the pod', async () => {
    const template = { volumeClaimTemplate: { spec: {} } };
    const pod = podOf([{ name: 'own', ephemeral: template }]);
    sources.bind('p-own', { hostPath: { path: folder } });
    await expect(volumes.prepare(pod)).rejects.toThrow('not the ephemeral PVC for the pod');
    const claim = sources.claims.get('default/p-own');
    const owner = {
      apiVersion: 'v1',
      kind: 'Pod',
      name: 'p',
      uid: pod.metadata?.uid ?? '',
      controller: true,
    };
    sources.claims.set('default/p-own', {
      ...claim,
      metadata: { ...claim?.metadata, ownerReferences: [owner] },
    });
    expect(await pathOf(pod)).toBe(folder);
    const link = `${folder}/pods/${pod.metadata?.uid}/volumes/kubernetes.io~persistent/own`;
    expect(await readlink(link)).toBe(folder);
    await volumes.release(pod);
    expect(await readdir(folder)).toEqual(['pods']);
  });

  it('binds parts of volumes, made when they are missing', async () => {
    const pod = podOf([{ name: 'e', emptyDir: {} }], {}, { subPathExpr: 'a/$(WHO)' });
    const [mount] = await ready(pod, [['WHO', 'me']]);
    const whole = `${folder}/pods/${pod.metadata?.uid}/volumes/kubernetes.io~empty-dir/e`;
    expect(mount?.hostPath).toBe(`${folder}/pods/${pod.metadata?.uid}/volume-subpaths/e/c/0`);
    await writeFile(`${mount?.hostPath}/f`, 'x');
    expect(await readFile(`${whole}/a/me/f`, 'utf8')).toBe('x');
    expect(await modeOf(`${whole}/a`)).toBe(0o777);
    await expect(ready(pod)).rejects.toThrow('missing value for "WHO"');
    expect(await ready(pod, [['WHO', 'me']])).toEqual([mount]);
    await volumes.release(pod);
    expect(await readdir(`${folder}/pods/${pod.metadata?.uid}`)).toEqual([]);
  });

  it('does not let a part of a volume lead out of it', async () => {
    const pod = podOf([{ name: 'e', emptyDir: {} }]);
    const path = await pathOf(pod);
    await symlink('/etc', `${path}/out`);
    await symlink('inner', `${path}/in`);
    await mkdir(`${path}/inner`);
    await writeFile(`${path}/inner/f`, 'x');
    const use = (subPath: string) => {
      const mounts = [{ name: 'e', mountPath: '/e', subPath }];
      return volumes.mounts(pod, { ...container(pod), volumeMounts: mounts }, new Map());
    };
    for (const bad of ['out', 'out/hostname', 'out/new/folder']) {
      await expect(use(bad)).rejects.toThrow(
        'failed to prepare subPath for volumeMount "e" of container "c"',
      );
    }
    await expect(stat('/etc/new')).rejects.toThrow('ENOENT');
    await expect(use('../x')).rejects.toThrow("must not contain '..'");
    expect(await readFile((await use('in/f'))[0]?.hostPath ?? '', 'utf8')).toBe('x');
  });

  it('keeps a part as it was until the container starts again', async () => {
    sources.set('ConfigMap', 'cm', { data: { a: '1' } });
    const pod = podOf([{ name: 'c', configMap: { name: 'cm' } }], {}, { subPath: 'a' });
    const part = await pathOf(pod);
    sources.set('ConfigMap', 'cm', { data: { a: '2' } });
    const whole = `${folder}/pods/${pod.metadata?.uid}/volumes/kubernetes.io~configmap/c`;
    await expect.poll(() => readFile(`${whole}/a`, 'utf8')).toBe('2');
    expect(await readFile(part, 'utf8')).toBe('1');
    expect(await readFile(await pathOf(pod), 'utf8')).toBe('2');
  });

  it('finds everything again after a restart, and goes on following it', async () => {
    sources.set('Secret', 's', { data: { k: 'MQ==' } });
    const pod = podOf([
      { name: 's', secret: { secretName: 's' } },
      { name: 'm', emptyDir: { medium: 'Memory' } },
    ]);
    const before = await ready(pod);
    await writeFile(`${before[1]?.hostPath}/kept`, '');
    await volumes.close();
    volumes = start();
    volumes.update(pod);
    sources.set('Secret', 's', { data: { k: 'Mg==' } });
    await expect.poll(() => readFile(`${before[0]?.hostPath}/k`, 'utf8')).toBe('2');
    expect(await volumes.mounts(pod, container(pod), new Map())).toEqual(before);
    expect(await readdir(before[1]?.hostPath ?? '')).toEqual(['kept']);
    await volumes.release({ metadata: pod.metadata ?? {}, spec: { containers: [] } });
    expect(await readdir(`${folder}/pods/.memory`)).toEqual([]);
  });

  it('detaches a local volume when the last pod that uses it goes, also one from before a restart', async () => {
    await mkdir(`${folder}/local`);
    const local = new LocalVolumes(`${folder}/local`, silentLogger);
    await local.make('pv', 2 ** 24, 'Filesystem');
    const path = local.pathOf('pv');
    sources.bind('data', { local: { path } });
    const list = [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }];
    const [one, two] = [podOf(list), podOf(list)];
    await volumes.close();
    volumes = start({ local });
    await ready(one);
    await ready(two);
    await volumes.close();
    volumes = start({ local: new LocalVolumes(`${folder}/local`, silentLogger) });
    volumes.update(one);
    volumes.update(two);
    await volumes.mounts(one, container(one), new Map());
    await volumes.mounts(two, container(two), new Map());
    await volumes.release(one);
    expect((await mountAt(path))?.type).toBe('ext4');
    await volumes.release(two);
    expect(await mountAt(path)).toBeUndefined();
  });

  it('knows what is mounted also where a link leads to its folder', async () => {
    await mkdir(`${folder}/real`);
    await symlink(`${folder}/real`, `${folder}/pods`);
    const pod = podOf([{ name: 'm', emptyDir: { medium: 'Memory' } }]);
    const path = await pathOf(pod);
    await writeFile(`${path}/kept`, '');
    expect(await pathOf(pod)).toBe(path);
    expect(await readdir(path)).toEqual(['kept']);
    await volumes.release(pod);
    expect((await mountTable()).filter(({ point }) => point.includes(pod.metadata?.uid ?? ''))).toEqual([]);
  });

  it('removes what is left of pods that are gone, and nothing of what is mounted there', async () => {
    const pod = podOf([{ name: 'm', emptyDir: { medium: 'Memory' } }]);
    const path = await pathOf(pod);
    await mkdir(`${folder}/precious/deep`, { recursive: true });
    await mkdir(`${path}/there`);
    await run('mount', ['--bind', `${folder}/precious`, `${path}/there`]);
    await volumes.close();
    volumes = start();
    expect(await volumes.removeOrphans(new Set([pod.metadata?.uid ?? '']))).toEqual([]);
    expect(await volumes.removeOrphans(new Set())).toEqual([pod.metadata?.uid]);
    expect(await readdir(`${folder}/pods`)).not.toContain(pod.metadata?.uid);
    expect(await readdir(`${folder}/precious`)).toEqual(['deep']);
  });
});
