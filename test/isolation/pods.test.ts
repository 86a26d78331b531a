import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { homeLayout, kubeconfigYaml } from '@sampan/home';
import {
  type ClusterNetwork,
  clusterNetwork,
  hostAddressOf,
  networkName,
  nodeArrival,
} from '@sampan/network';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../clients/eventually.ts';
import { Kubectl } from '../clients/kubectl.ts';
import { BUSYBOX, missingForNode, startTestNode, type TestNode } from '../support/node.ts';
import { type Cluster, hostCluster, makeGuest } from './two-guests.ts';

const PODS = '/api/v1/namespaces/default/pods';
const MERGE = 'application/merge-patch+json';

const container = (more: object = {}) => ({
  name: 'c',
  image: BUSYBOX,
  command: ['sleep', '10000'],
  ...more,
});
const podOf = (name: string, spec: object = {}, more: object = {}) => ({
  metadata: { name, labels: { app: name }, ...more },
  spec: { terminationGracePeriodSeconds: 0, containers: [container()], ...spec },
});

describe.skipIf(missingForNode() !== '')('pods of one cluster', () => {
  let node: TestNode;
  let host: Cluster;
  let a: Cluster;
  let b: Cluster;
  let kubectl: Kubectl;
  /** On all of the machine's addresses; what of it answers is reached. */
  let trap: Server;
  let visits: string[] = [];

  beforeAll(async () => {
    node = await startTestNode();
    host = hostCluster(node.sampan);
    [a, b] = (await Promise.all([
      makeGuest(node.sampan, host, 'alpha'),
      makeGuest(node.sampan, host, 'beta'),
    ])) as [Cluster, Cluster];
    trap = createServer((request, response) => {
      visits.push(request.url ?? '');
      response.end('the machine');
    });
    await new Promise<void>((resolve) => trap.listen(0, '0.0.0.0', resolve));
    const kubeconfig = join(node.kubectl.folder, 'kubeconfig-alpha');
    const { cert = '', key = '' } = a.admin;
    const access = { url: a.url, ca: node.sampan.ca, certificate: cert, key };
    writeFileSync(kubeconfig, kubeconfigYaml(access, { cluster: 'alpha', user: 'admin' }));
    kubectl = new Kubectl('kubectl', kubeconfig);
    const serve = (cluster: Cluster, text: string) =>
      cluster.create(
        PODS,
        podOf('web', {
          containers: [
            container({
              command: ['sh', '-c', `echo ${text} > /www/index.html; exec httpd -f -p 80 -h /www`],
            }),
          ],
        }),
      );
    // the machine's owner has made the namespace as free as there is
    await a.ask({
      method: 'PATCH',
      path: '/api/v1/namespaces/default',
      type: MERGE,
      body: { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } } },
    });
    await Promise.all([
      serve(a, 'of-a'),
      serve(b, 'of-b'),
      serve(host, 'of-host'),
      a.create(PODS, podOf('client')),
    ]);
    const isReady = async (cluster: Cluster, name: string) =>
      (await cluster.get(`${PODS}/${name}`))
        .json()
        .status?.conditions?.some(
          (each: { type: string; status: string }) => each.type === 'Ready' && each.status === 'True',
        );
    for (const [cluster, name] of [
      [a, 'web'],
      [b, 'web'],
      [host, 'web'],
      [a, 'client'],
    ] as const)
      await eventually(`${name} of ${cluster.name} runs`, () => isReady(cluster, name));
  });

  afterAll(async () => {
    if (trap) await new Promise((resolve) => trap.close(resolve));
    kubectl?.close();
    await node?.stop();
  });

  const port = () => (trap.address() as AddressInfo).port;
  const networkOf = (name: string): ClusterNetwork => {
    const file = join(homeLayout(node.sampan.home).clusters, name, 'record.json');
    const { network } = JSON.parse(readFileSync(file, 'utf8')) as { readonly network: number };
    return clusterNetwork({ name: networkName(node.sampan.home, name), index: network });
  };
  const machineAddresses = () =>
    Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter(({ family, internal }) => family === 'IPv4' && !internal)
      .map(({ address }) => address);
  /** What A's pod gets of an address; empty: nothing. */
  const fetched = async (url: string) =>
    (await inClient('busybox', 'timeout', '2', 'wget', '-q', '-O-', url)).out.trim();
  const inClient = (...command: string[]) => kubectl.try(['exec', 'client', '--', ...command]);
  /** Whether a connection comes about, whatever is said there. */
  const connects = async (address: string, number: string) =>
    (await inClient('sh', '-c', `echo | busybox timeout 2 nc ${address} ${number}`)).code === 0;

  describe('reach those of their own', () => {
    it('and neither pods nor the API of another cluster', async () => {
      const [ours, theirs] = [networkOf('alpha'), networkOf('beta')];
      const { podIP } = (await a.get(`${PODS}/web`)).json().status;
      const other = (await b.get(`${PODS}/web`)).json().status.podIP;
      expect(await fetched(`http://${podIP}/`)).toBe('of-a');
      const hostPod = (await host.get(`${PODS}/web`)).json().status.podIP;
      const urls = [
        `http://${hostAddressOf(theirs, other)}/`,
        `http://${theirs.link.inner}/`,
        `http://${theirs.link.host}:6443/`,
        `http://${theirs.link.host}:${port()}/`,
        `http://${nodeArrival(theirs)}/`,
        `http://${hostAddressOf(ours, podIP)}:${port()}/`,
        // where the host cluster has the pod, if A has no pod there
        ...(hostPod === podIP ? [] : [`http://${hostPod}/`]),
      ];
      for (const url of urls)
        expect([url, await fetched(url)]).not.toEqual([url, expect.stringMatching(/of-(b|host)|machine/)]);
    });

    it('and no address of the machine', async () => {
      const { link, gateway } = networkOf('alpha');
      visits = [];
      for (const address of [
        ...machineAddresses(),
        link.host,
        link.inner,
        gateway,
        '127.0.0.1',
        '10.96.0.1',
        '0.0.0.0',
        '100.64.0.1',
      ])
        expect([address, await fetched(`http://${address}:${port()}/`)]).toEqual([address, '']);
      expect(visits).toEqual([]);
      // which answers who may ask
      expect(await (await fetch(`http://127.0.0.1:${port()}/`)).text()).toBe('the machine');
    });

    it('and not the server of the host cluster or the node’s sockets', async () => {
      const { port: api } = new URL(node.sampan.url);
      const { link } = networkOf('alpha');
      for (const address of [...machineAddresses(), link.host, '127.0.0.1'])
        expect([address, await connects(address, api)]).toEqual([address, false]);
      expect(await connects('10.96.0.1', '443')).toBe(true);
    });

    it('by Services with endpoints elsewhere', async () => {
      const theirs = networkOf('beta');
      const other = hostAddressOf(theirs, (await b.get(`${PODS}/web`)).json().status.podIP);
      visits = [];
      const targets: [string, number][] = [
        ...machineAddresses()
          .slice(0, 1)
          .map((address): [string, number] => [address, port()]),
        [networkOf('alpha').link.host, port()],
        [other, 80],
        [theirs.link.host, 6443],
        [nodeArrival(theirs), 80],
      ];
      for (const [index, [address, number]] of targets.entries()) {
        const name = `away-${index}`;
        const made = await a.create('/api/v1/namespaces/default/services', {
          metadata: { name },
          spec: { type: 'NodePort', ports: [{ port: 80, targetPort: number }] },
        });
        await a.create('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
          metadata: { name, labels: { 'kubernetes.io/service-name': name } },
          addressType: 'IPv4',
          ports: [{ port: number, protocol: 'TCP' }],
          endpoints: [{ addresses: [address], conditions: { ready: true } }],
        });
        expect([address, await fetched(`http://${made.json().spec.clusterIP}/`)]).toEqual([address, '']);
        const nodePort = made.json().spec.ports[0].nodePort;
        const outside = await fetch(`http://${nodeArrival(networkOf('alpha'))}:${nodePort}/`, {
          signal: AbortSignal.timeout(2000),
        }).then(
          (answer) => answer.text(),
          () => '',
        );
        expect([address, outside]).toEqual([address, '']);
      }
      expect(visits).toEqual([]);
    });

    it('and take over no address of the machine or of others by externalIPs', async () => {
      const [address = '127.0.0.1'] = machineAddresses();
      await a.create('/api/v1/namespaces/default/services', {
        metadata: { name: 'thief' },
        spec: {
          selector: { app: 'web' },
          ports: [{ port: port(), targetPort: 80 }],
          externalIPs: [address, networkOf('beta').link.host, '8.8.8.8'],
        },
      });
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(await (await fetch(`http://${address}:${port()}/`)).text()).toBe('the machine');
      await a.remove('/api/v1/namespaces/default/services/thief');
    });

    it('and know no names of another cluster', async () => {
      const service = (name: string) => ({
        metadata: { name },
        spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
      });
      await a.create('/api/v1/namespaces/default/services', service('only-a'));
      await b.create('/api/v1/namespaces/default/services', service('only-b'));
      await host.create('/api/v1/namespaces/default/services', service('only-host'));
      await eventually('the own name is known', async () => (await fetched('http://only-a/')) === 'of-a');
      for (const name of [
        'only-b',
        'only-host',
        'only-b.default.svc.cluster.local',
        'only-b.default.svc.beta',
      ])
        expect(await fetched(`http://${name}/`)).toBe('');
    });

    it('whatever their policies allow', async () => {
      await a.create('/apis/networking.k8s.io/v1/namespaces/default/networkpolicies', {
        metadata: { name: 'all' },
        spec: {
          podSelector: {},
          policyTypes: ['Ingress', 'Egress'],
          ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }],
          egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }],
        },
      });
      const { podIP } = (await b.get(`${PODS}/web`)).json().status;
      expect(await fetched(`http://${hostAddressOf(networkOf('beta'), podIP)}/`)).toBe('');
      expect(await fetched('http://web.default.svc/')).toBe('');
      expect(await fetched('http://only-a/')).toBe('of-a');
      await a.remove('/apis/networking.k8s.io/v1/namespaces/default/networkpolicies/all');
    });
  });

  describe('are not led elsewhere by the API', () => {
    it('when it calls webhooks, which are reached in pods of the own cluster only', async () => {
      const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
      const services = '/api/v1/namespaces/default/services';
      const slices = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
      const call = async (service: string) => {
        const webhook = {
          name: 'reach.test.dev',
          clientConfig: { service: { namespace: 'default', name: service, port: 443 } },
          rules: [
            { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] },
          ],
          ...{ admissionReviewVersions: ['v1'], sideEffects: 'None', timeoutSeconds: 5 },
        };
        await a.create(path, { metadata: { name: 'reach' }, webhooks: [webhook] });
        const { code, text } = await a.create('/api/v1/namespaces/default/configmaps', {
          metadata: { generateName: 'x' },
        });
        await a.remove(`${path}/reach`);
        expect(code).toBe(500);
        return text;
      };
      await a.create(services, {
        metadata: { name: 'own' },
        spec: { selector: { app: 'web' }, ports: [{ port: 443, targetPort: 80 }] },
      });
      // it is reached, but speaks no TLS
      await eventually('the own pod is called', async () =>
        (await call('own')).includes('HTTP response to HTTPS client'),
      );
      visits = [];
      const other = hostAddressOf(networkOf('beta'), (await b.get(`${PODS}/web`)).json().status.podIP);
      const places = [
        ...machineAddresses(),
        other,
        networkOf('alpha').link.host,
        nodeArrival(networkOf('beta')),
      ];
      for (const [index, address] of places.entries()) {
        const name = `called-${index}`;
        await a.create(services, {
          metadata: { name },
          spec: { ports: [{ port: 443, targetPort: port() }] },
        });
        await a.create(slices, {
          metadata: { name, labels: { 'kubernetes.io/service-name': name } },
          addressType: 'IPv4',
          ports: [{ port: port(), protocol: 'TCP' }],
          endpoints: [{ addresses: [address], conditions: { ready: true } }],
        });
        expect(await call(name)).toContain('no endpoints available');
      }
      expect(visits).toEqual([]);
    });

    it.each(['127.0.0.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', 'MACHINE', 'LINK', 'OTHER'])(
      'when their status says that they are at %s',
      async (where) => {
        const places: Record<string, string> = {
          MACHINE: machineAddresses()[0] ?? '',
          LINK: networkOf('alpha').link.host,
          OTHER: hostAddressOf(networkOf('beta'), (await b.get(`${PODS}/web`)).json().status.podIP),
        };
        const ip = places[where] ?? where;
        visits = [];
        // an object that no agent tells of, and one that it does
        await a.create(
          PODS,
          podOf('ghost', {
            nodeName: 'nowhere',
            containers: [container({ ports: [{ containerPort: port() }] })],
          }),
        );
        for (const name of ['ghost', 'web']) {
          const status = { phase: 'Running', podIP: ip, podIPs: [{ ip }], hostIP: ip };
          await a.ask({ method: 'PATCH', path: `${PODS}/${name}/status`, type: MERGE, body: { status } });
          for (const number of [port(), 80, 6443]) {
            const { text } = await a.get(`${PODS}/${name}:${number}/proxy/`);
            expect(text).not.toMatch(/of-b|of-host|the machine/);
          }
        }
        expect(visits).toEqual([]);
        await a.remove(`${PODS}/ghost?gracePeriodSeconds=0`);
      },
    );

    it('to the node, but for what it tells of their own', async () => {
      const path = `/api/v1/nodes/${node.name}/proxy`;
      const pods = (await a.get(`${path}/pods`)).text;
      expect(pods).toContain('client');
      const uid = (await b.get(`${PODS}/web`)).json().metadata.uid;
      const hostUid = (await host.get(`${PODS}/web`)).json().metadata.uid;
      for (const way of [
        'pods',
        'stats/summary',
        'metrics/cadvisor',
        'metrics/resource',
        'metrics',
        'logs/',
        'runningpods/',
      ]) {
        const { text } = await a.get(`${path}/${way}`);
        expect(text).not.toContain(uid);
        expect(text).not.toContain(hostUid);
      }
    });

    it.each([
      'streams/exec',
      './streams/exec',
      'x/../streams/exec',
      '%2e%2e/streams/exec',
      '//streams/exec',
      'logs/../../../../../etc/passwd',
      'logs/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
      'run/default/web/c?cmd=id',
      'exec/default/web/c?command=id',
      'configz',
      'debug/pprof/',
    ])('to more of the node by the path %s', async (way) => {
      const path = `/api/v1/nodes/${node.name}/proxy/${way}`;
      for (const method of ['GET', 'POST']) {
        const { code, text } = await a.ask({ method, path, body: method === 'POST' ? {} : undefined });
        expect([301, 400, 403, 404, 405]).toContain(code);
        expect(text).not.toContain('root:');
      }
    });

    it('to containers of another cluster by their ids or names', async () => {
      const { containerID } = (await b.get(`${PODS}/web`)).json().status.containerStatuses[0];
      const id = containerID.replace('containerd://', '');
      const body = {
        status: {
          containerStatuses: [
            {
              name: 'c',
              containerID,
              image: 'i',
              imageID: '',
              ready: true,
              restartCount: 0,
              started: true,
              state: { running: {} },
            },
          ],
        },
      };
      await a.ask({ method: 'PATCH', path: `${PODS}/client/status`, type: MERGE, body });
      const { out } = await kubectl.try(['exec', 'client', '--', 'cat', '/www/index.html']);
      expect(out).not.toContain('of-b');
      expect((await a.get(`${PODS}/client/log?container=${id}`)).code).toBe(400);
      expect((await a.get(`${PODS}/client/log?container=..%2f..%2fdefault_web`)).code).toBe(400);
    });
  });

  describe('do to the machine what its owner lets them, whatever their namespace does', () => {
    const volume = (source: object) => ({
      volumes: [{ name: 'v', ...source }],
      containers: [container({ volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
    });
    const secured = (securityContext: object) => ({ containers: [container({ securityContext })] });
    const REFUSED: [string, object, object?][] = [
      ['privileged', secured({ privileged: true })],
      ['hostPath', volume({ hostPath: { path: '/etc' } })],
      ['hostPath of the home', volume({ hostPath: { path: '/var/lib/sampan' } })],
      ['hostPath that is made', volume({ hostPath: { path: '/tmp/made', type: 'DirectoryOrCreate' } })],
      [
        'hostPath of containerd’s socket',
        volume({ hostPath: { path: '/run/containerd/containerd.sock', type: 'Socket' } }),
      ],
      ['hostNetwork', { hostNetwork: true }],
      ['hostPID', { hostPID: true }],
      ['hostIPC', { hostIPC: true }],
      ['hostPort', { containers: [container({ ports: [{ containerPort: 80, hostPort: 8099 }] })] }],
      ['SYS_ADMIN', secured({ capabilities: { add: ['SYS_ADMIN'] } })],
      ['ALL capabilities', secured({ capabilities: { add: ['ALL'] } })],
      ['capabilities in small letters', secured({ capabilities: { add: ['cap_sys_admin'] } })],
      ['no seccomp', secured({ seccompProfile: { type: 'Unconfined' } })],
      [
        'a seccomp profile of the machine',
        secured({ seccompProfile: { type: 'Localhost', localhostProfile: '../../x' } }),
      ],
      ['all of /proc', { hostUsers: false, ...secured({ procMount: 'Unmasked' }) }],
      [
        'sysctls of the machine',
        { securityContext: { sysctls: [{ name: 'kernel.core_pattern', value: '|/x' }] } },
      ],
      ['sysctls that are unsafe', { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }],
      ['system priority', { priorityClassName: 'system-node-critical' }],
      ['to be a static pod', {}, { annotations: { 'kubernetes.io/config.source': 'file' } }],
      [
        'no AppArmor',
        {},
        { annotations: { 'container.apparmor.security.beta.kubernetes.io/c': 'unconfined' } },
      ],
      [
        'probes of the machine',
        { containers: [container({ livenessProbe: { httpGet: { host: '127.0.0.1', port: 1 } } })] },
      ],
      [
        'hooks to the machine',
        {
          containers: [container({ lifecycle: { postStart: { httpGet: { host: '127.0.0.1', port: 1 } } } })],
        },
      ],
      ['NFS', volume({ nfs: { server: '127.0.0.1', path: '/' } })],
      ['iSCSI', volume({ iscsi: { targetPortal: '127.0.0.1', iqn: 'iqn.2001-04.com.example:x', lun: 0 } })],
      ['flexVolumes', volume({ flexVolume: { driver: 'x/y' } })],
      ['CSI drivers of the machine', volume({ csi: { driver: 'x.y' } })],
      [
        'mounts that spread',
        {
          volumes: [{ name: 'v', emptyDir: {} }],
          containers: [
            container({ volumeMounts: [{ name: 'v', mountPath: '/v', mountPropagation: 'Bidirectional' }] }),
          ],
        },
      ],
      [
        'a privileged init container',
        { initContainers: [{ ...container(), name: 'i', securityContext: { privileged: true } }] },
      ],
      ['a runtime of no name', { runtimeClassName: 'mine' }],
    ];

    it('not: what leads out of a pod', async () => {
      await a.create('/apis/node.k8s.io/v1/runtimeclasses', {
        metadata: { name: 'mine' },
        handler: '../../bin/sh',
      });
      visits = [];
      const made = await Promise.all(
        REFUSED.map(async ([what, spec, more = {}], index) => {
          const name = `rogue-${index}`;
          const answer = await a.create(PODS, podOf(name, { restartPolicy: 'Never', ...spec }, more));
          return { what, name, answer };
        }),
      );
      for (const { what, name, answer } of made) {
        // some the API itself refuses
        if (answer.code !== 201) {
          expect([what, answer.code]).toEqual([what, expect.toBeOneOf([400, 403, 422])]);
          continue;
        }
        const status = await eventually(`${what} is refused`, async () => {
          const found = (await a.get(`${PODS}/${name}`)).json().status;
          const waits = found.containerStatuses?.[0]?.state?.waiting?.reason;
          return (found.phase === 'Failed' || /Error|Unknown/.test(waits ?? '')) && found;
        }).catch((error: unknown) => ({ message: String(error), started: true }));
        expect([what, status.started ?? false, status.containerStatuses?.[0]?.started ?? false]).toEqual([
          what,
          false,
          false,
        ]);
      }
      await Promise.all(made.map(({ name }) => a.remove(`${PODS}/${name}?gracePeriodSeconds=0`)));
      expect(visits).toEqual([]);
    });

    it('not: files of the machine by a volume of the cluster', async () => {
      await a.create('/api/v1/persistentvolumes', {
        metadata: { name: 'etc' },
        spec: {
          ...{ capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], storageClassName: '' },
          ...{ hostPath: { path: '/etc' }, claimRef: { namespace: 'default', name: 'etc' } },
        },
      });
      await a.create('/api/v1/persistentvolumes', {
        metadata: { name: 'home' },
        spec: {
          ...{ capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], storageClassName: '' },
          ...{ local: { path: node.sampan.home }, claimRef: { namespace: 'default', name: 'home' } },
          nodeAffinity: {
            required: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'Exists' }] },
              ],
            },
          },
        },
      });
      for (const name of ['etc', 'home']) {
        await a.create('/api/v1/namespaces/default/persistentvolumeclaims', {
          metadata: { name },
          spec: {
            ...{ accessModes: ['ReadWriteOnce'], storageClassName: '', volumeName: name },
            resources: { requests: { storage: '1Gi' } },
          },
        });
        await a.create(PODS, podOf(`with-${name}`, volume({ persistentVolumeClaim: { claimName: name } })));
      }
      await new Promise((resolve) => setTimeout(resolve, 4000));
      for (const name of ['etc', 'home']) {
        const { status } = (await a.get(`${PODS}/with-${name}`)).json();
        expect([name, status.phase]).not.toEqual([name, 'Running']);
        await a.remove(`${PODS}/with-${name}?gracePeriodSeconds=0`);
      }
    });

    it('not: files of the machine by links that a pod makes', async () => {
      const script = [
        'ln -s / /v/all; ln -s /etc/shadow /v/file; ln -s ../../../../../../../../etc /v/up',
        'rm -f /dev/termination-log; ln -s /etc/shadow /dev/termination-log',
        'exec sleep 10000',
      ].join('; ');
      const mounts = ['all', 'all/etc', 'up', 'file'].map((subPath, index) => ({
        ...podOf(`link-${index}`, {}),
        subPath,
      }));
      const spec = (subPath: string) => ({
        volumes: [{ name: 'v', emptyDir: {} }],
        initContainers: [
          {
            ...container({ command: ['sh', '-c', script.replace('exec sleep 10000', 'true')] }),
            name: 'i',
            volumeMounts: [{ name: 'v', mountPath: '/v' }],
          },
        ],
        containers: [container({ volumeMounts: [{ name: 'v', mountPath: '/m', subPath }] })],
      });
      await Promise.all(
        mounts.map(({ metadata, subPath }) => a.create(PODS, podOf(metadata.name, spec(subPath)))),
      );
      await a.create(PODS, podOf('plain', { ...spec('x'), initContainers: [] }));
      await eventually(
        'one that stays within runs',
        async () => (await a.get(`${PODS}/plain`)).json().status.phase === 'Running',
      );
      await new Promise((resolve) => setTimeout(resolve, 3000));
      for (const { metadata } of mounts) {
        const { out } = await kubectl.try([
          'exec',
          metadata.name,
          '--',
          'sh',
          '-c',
          'cat /m /m/shadow /m/etc/shadow',
        ]);
        expect(out).not.toContain('root:');
        const pod = (await a.get(`${PODS}/${metadata.name}`)).text;
        expect(pod).not.toContain('root:');
      }
      await Promise.all(
        [...mounts.map(({ metadata }) => metadata.name), 'plain'].map((name) =>
          a.remove(`${PODS}/${name}?gracePeriodSeconds=0`),
        ),
      );
    });

    it('not: what is left of themselves told as a file of the machine', async () => {
      const script =
        'rm -f /dev/termination-log /x; ln -sf /etc/shadow /x; echo mine > /dev/termination-log; exit 1';
      const terminal = container({
        command: ['sh', '-c', script],
        terminationMessagePath: '/../../../etc/shadow',
      });
      await a.create(PODS, podOf('last', { restartPolicy: 'Never', containers: [terminal] }));
      const pod = await eventually('it has ended', async () => {
        const found = await a.get(`${PODS}/last`);
        return found.json().status.phase === 'Failed' && found.text;
      });
      expect(pod).not.toContain('root:');
      await a.remove(`${PODS}/last?gracePeriodSeconds=0`);
    });

    it('not: mounts, devices, modules, and processes of others from within', async () => {
      const attempts = [
        'mount -t tmpfs x /tmp',
        'echo 1 > /proc/sys/kernel/panic',
        'echo x > /proc/sysrq-trigger',
        'head -c 1 /proc/kcore | grep -q .',
        'head -c 1 /dev/mem | grep -q .',
        'echo > /sys/kernel/uevent_helper',
        'cd /sys/fs/cgroup/memory 2>/dev/null || cd /sys/fs/cgroup; mkdir x',
        'busybox mknod /disk b 254 0; head -c 1 /disk | grep -q .',
        'busybox mknod /memory c 1 1; head -c 1 /memory | grep -q .',
        'cat /proc/1/root/etc/shadow',
      ];
      for (const attempt of attempts) {
        const { code, out } = await inClient('sh', '-c', attempt);
        expect([attempt, code]).not.toEqual([attempt, 0]);
        expect(out).not.toContain('root:');
      }
      const processes = await kubectl.run(['exec', 'client', '--', 'ps']);
      expect(processes).toContain('sleep 10000');
      expect(processes).not.toMatch(/containerd|httpd|main\.ts/);
    });

    it('not: as many processes as there can be', async () => {
      const bomb = 'i=0; while [ $i -lt 6000 ]; do sleep 60 & i=$((i+1)); done; echo all; wait';
      const limits = { containers: [container({ command: ['sh', '-c', bomb] })] };
      await a.create(PODS, podOf('bomb', { restartPolicy: 'Never', ...limits }));
      const log = () => a.get(`${PODS}/bomb/log`).then(({ text }) => text);
      await eventually('no more can be made', async () => /can't fork|unavailable/.test(await log()));
      expect(await log()).not.toContain('all');
      // of others
      expect((await b.get(`${PODS}/web`)).code).toBe(200);
      const fresh = await b.create(PODS, podOf('fresh'));
      expect(fresh.code).toBe(201);
      await eventually('a pod of another cluster starts', async () => {
        return (await b.get(`${PODS}/fresh`)).json().status.phase === 'Running';
      });
      await a.remove(`${PODS}/bomb?gracePeriodSeconds=0`);
    });
  });
});
