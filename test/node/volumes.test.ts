import { readdirSync, readFileSync } from 'node:fs';
import { homeLayout } from '@sampan/home';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../clients/eventually.ts';
import { BUSYBOX, missingForNode, startTestNode, type TestNode } from '../support/node.ts';

describe.skipIf(missingForNode() !== '')('volumes of a node', () => {
  let node: TestNode;

  beforeAll(async () => {
    node = await startTestNode();
  });

  afterAll(() => node?.stop());

  const apply = (...objects: object[]) =>
    node.kubectl.run('apply -f -', {
      input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
    });

  /** Runs a script with these volumes at /NAME. */
  const pod = (name: string, script: string, volumes: object[], more: object = {}) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'c',
          image: BUSYBOX,
          imagePullPolicy: 'Never',
          command: ['sh', '-c', script],
          volumeMounts: (volumes as { name: string }[]).map((volume) => ({
            name: volume.name,
            mountPath: `/${volume.name}`,
          })),
          ...more,
        },
      ],
      volumes,
    },
  });
  const claim = (name: string, storage: string) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
  });
  const use = (name: string, mountPropagation: string) => ({
    volumeMounts: [{ name, mountPath: `/${name}`, mountPropagation }],
  });
  const succeeds = (name: string) =>
    node.kubectl.run(`wait --for=jsonpath={.status.phase}=Succeeded pod/${name} --timeout=40s`);
  const get = (what: string, path: string) => node.kubectl.run(`get ${what} -o jsonpath=${path}`);

  it('gives every pod the token of its account and the authority of the cluster', async () => {
    const at = '/var/run/secrets/kubernetes.io/serviceaccount';
    const script = `cd ${at}; grep -q 'BEGIN CERTIFICATE' ca.crt && test "$(cat namespace)" = default && test -s token`;
    await apply(pod('account', script, []));
    await succeeds('account');
  });

  it('waits for a config map and shows its changes', async () => {
    const script = 'until grep -q new /cm/key; do sleep 0.2; done';
    await apply(pod('reader', script, [{ name: 'cm', configMap: { name: 'settings' } }]));
    await eventually('the event says what is missing', async () =>
      (await node.kubectl.run('get events')).includes(
        'MountVolume.SetUp failed for volume "cm" : configmap "settings" not found',
      ),
    );
    await node.kubectl.run('create configmap settings --from-literal=key=old');
    await node.kubectl.run('wait --for=condition=Ready pod/reader --timeout=10s');
    await node.kubectl.run(['patch', 'configmap', 'settings', '-p', '{"data":{"key":"new"}}']);
    await succeeds('reader');
  });

  it('shows labels as they are now', async () => {
    const items = [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }];
    const script = 'until grep -q colour=.blue /d/labels; do sleep 0.2; done';
    await apply(pod('labels', script, [{ name: 'd', downwardAPI: { items } }]));
    await node.kubectl.run('wait --for=condition=Ready pod/labels --timeout=20s');
    await node.kubectl.run('label pod labels colour=blue');
    await succeeds('labels');
  });

  it('makes a volume for a claim, keeps it between pods, holds it to its size, and deletes it', async () => {
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
    await apply(
      claim('data', '16Mi'),
      pod('writer', 'test -z "$(ls -A /data)" && echo kept >/data/file', volumes),
    );
    await succeeds('writer');
    const name = await get('pvc/data', '{.spec.volumeName}');
    expect(await get('pvc/data', '{.spec.storageClassName}')).toBe('sampan-local');
    expect(await node.kubectl.run('get events')).toContain(`Successfully provisioned volume ${name}`);
    const full = 'grep -q kept /data/file && ! dd if=/dev/zero of=/data/big bs=1M count=20';
    await apply(pod('filler', full, volumes));
    await succeeds('filler');
    const patch = { spec: { resources: { requests: { storage: '64Mi' } } } };
    await node.kubectl.run(['patch', 'pvc', 'data', '-p', JSON.stringify(patch)]);
    await node.kubectl.run('wait --for=jsonpath={.status.capacity.storage}=64Mi pvc/data --timeout=20s');
    await apply(pod('grown', 'dd if=/dev/zero of=/data/big bs=1M count=40', volumes));
    await succeeds('grown');
    await node.kubectl.run('delete pod writer filler grown');
    await node.kubectl.run('delete pvc data --timeout=20s');
    await node.kubectl.run(`wait --for=delete pv/${name} --timeout=20s`);
    expect(readdirSync(homeLayout(node.sampan.home).node.volumes)).toEqual([]);
  });

  it('gives a pod a claim of its own, parts of it by name, and a claim as a device', async () => {
    const spec = claim('', '16Mi').spec;
    const volumes = [
      { name: 'own', ephemeral: { volumeClaimTemplate: { spec } } },
      { name: 'disk', persistentVolumeClaim: { claimName: 'disk' } },
    ];
    const script =
      'test -b /dev/disk && echo 7 >/dev/disk && test "$(head -c1 /dev/disk)" = 7 && echo x >/part/f && test -f /own/of-own/f';
    await apply(
      { ...claim('disk', '16Mi'), spec: { ...spec, volumeMode: 'Block' } },
      pod('own', script, volumes, {
        env: [{ name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
        volumeDevices: [{ name: 'disk', devicePath: '/dev/disk' }],
        volumeMounts: [
          { name: 'own', mountPath: '/own' },
          { name: 'own', mountPath: '/part', subPathExpr: 'of-$(NAME)' },
        ],
      }),
    );
    await succeeds('own');
    const name = await get('pvc/own-own', '{.spec.volumeName}');
    await node.kubectl.run('delete pod own');
    // with its pod
    await node.kubectl.run('wait --for=delete pvc/own-own --timeout=30s');
    await node.kubectl.run(`wait --for=delete pv/${name} --timeout=20s`);
    await node.kubectl.run('delete pvc disk --timeout=20s');
  });

  it('lets mounts in one container be seen by another, and takes them down with the pod', async () => {
    const one = pod('shares', 'mount -t tmpfs t /e/sub && echo x >/e/sub/f && exec sleep 1000', [
      { name: 'e', emptyDir: {} },
    ]);
    const [writer] = one.spec.containers;
    const seen = 'mkdir -p /e/sub; touch /ready; until grep -q x /e/sub/f; do sleep 0.1; done';
    const containers = [
      { ...writer, ...use('e', 'HostToContainer'), name: 'reader', command: ['sh', '-c', seen] },
      {
        ...writer,
        ...use('e', 'Bidirectional'),
        command: ['sh', '-c', `until test -d /e/sub; do sleep 0.1; done; ${writer?.command[2]}`],
        securityContext: { privileged: true },
      },
    ];
    await apply({ ...one, spec: { ...one.spec, containers } });
    const exited = '{.status.containerStatuses[?(@.name=="reader")].state.terminated.exitCode}';
    await eventually('the reader has seen it', async () => (await get('pod/shares', exited)) === '0');
    const uid = await get('pod/shares', '{.metadata.uid}');
    expect(readFileSync('/proc/self/mounts', 'utf8')).toContain(`${uid}/volumes`);
    await node.kubectl.run('delete pod shares --timeout=20s');
    expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(uid);
    expect(readdirSync(homeLayout(node.sampan.home).node.pods)).not.toContain(uid);
  });

  it('shows what is in an image', async () => {
    const image = { reference: BUSYBOX, pullPolicy: 'Never' };
    await apply(pod('image', 'test -x /i/bin/busybox && ! touch /i/new', [{ name: 'i', image }]));
    await succeeds('image');
    await node.kubectl.run('delete pod image');
  });

  it('says why a claim gets no volume', async () => {
    await apply(
      claim('huge', '1Pi'),
      pod('waits', 'true', [{ name: 'v', persistentVolumeClaim: { claimName: 'huge' } }]),
    );
    await eventually('the event says it', async () =>
      (await node.kubectl.run('get events')).includes(
        'failed to provision volume with StorageClass "sampan-local": no space',
      ),
    );
    await node.kubectl.run('delete pod/waits pvc/huge --timeout=30s');
  });

  it('goes on with volumes after it was killed, and removes those of pods that went meanwhile', async () => {
    const volumes = [
      { name: 'cm', configMap: { name: 'settings' } },
      { name: 'm', emptyDir: { medium: 'Memory' } },
    ];
    const script = 'touch /m/kept; until grep -q newest /cm/key; do sleep 0.2; done; ls /m/kept';
    await apply(pod('goes-on', script, volumes), pod('goes', 'exec sleep 1000', volumes));
    await node.kubectl.run('wait --for=condition=Ready pod/goes-on pod/goes --timeout=20s');
    const uid = await get('pod/goes', '{.metadata.uid}');
    await node.kill('SIGKILL');
    await node.kubectl.run('delete pod goes --grace-period=0 --force');
    await node.kubectl.run(['patch', 'configmap', 'settings', '-p', '{"data":{"key":"newest"}}']);
    await node.start();
    await succeeds('goes-on');
    const { pods } = homeLayout(node.sampan.home).node;
    await eventually('its folder is gone', async () => !readdirSync(pods).includes(uid));
  });

  it('keeps nothing of pods that are deleted, also when they were over before', async () => {
    await node.kubectl.run('delete pods --all --grace-period=1 --timeout=40s');
    const { pods } = homeLayout(node.sampan.home).node;
    await eventually('nothing is left', async () => readdirSync(pods).join() === '.memory');
    expect(readdirSync(`${pods}/.memory`)).toEqual([]);
  });
});
