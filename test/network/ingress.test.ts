import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject, k8s } from '@sampan/api';
import {
  type Client,
  createCertificateAuthority,
  issueCertificate,
  REFS,
  type ResourceRef,
} from '@sampan/machinery';
import { haproxyUser, type RunningIngress, startIngress } from '@sampan/network';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Lab, type LabPod, whyNoLab } from '../../packages/network/test/lab.ts';
import { type Plane, startPlane } from '../support/plane.ts';
import { certificateOf, get, getHttp2, Hammer, openEcho, whoOf } from './ingress-client.ts';

const isAble = whyNoLab() === undefined && spawnSync('haproxy', ['-v']).status === 0;
const INGRESSES: ResourceRef = {
  group: 'networking.k8s.io',
  version: 'v1',
  resource: 'ingresses',
  kind: 'Ingress',
  namespaced: true,
};

describe.skipIf(!isAble)('Ingresses are served on the machine', () => {
  let lab: Lab;
  let plane: Plane;
  let client: Client;
  let folder: string;
  let ingress: RunningIngress;
  let a: LabPod;
  let b: LabPod;
  let c: LabPod;

  const start = () =>
    startIngress({
      client,
      network: lab.network,
      folder,
      runFolder: join(folder, 'proxy'),
      user: haproxyUser,
      addresses: ['127.0.0.1'],
    });
  beforeAll(async () => {
    lab = await Lab.create('ing');
    plane = await startPlane();
    client = plane.control.client('test');
    folder = await mkdtemp(join(tmpdir(), 'sampan-ingress-'));
    await chmod(folder, 0o755);
    await client.create(REFS.namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'ns' },
    });
    [a, b, c] = await Promise.all([lab.pod('a'), lab.pod('b'), lab.pod('c')]);
    await Promise.all([a.web(8080, 8081), b.web(8080), c.web(8080)]);
    ingress = start();
    await ingress.ready;
    await service('one', [a]);
    await service('two', [b]);
  });
  afterAll(async () => {
    await ingress?.stop('end');
    await plane?.close();
    await lab?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  const service = async (name: string, pods: readonly LabPod[]) => {
    const ports = [
      { name: 'web', port: 80, targetPort: 8080 },
      { name: 'admin', port: 81, targetPort: 8081 },
    ];
    await client.create<KubeObject>(REFS.services, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: 'ns' },
      spec: { ports },
    });
    await client.create<KubeObject>(REFS.endpointSlices, {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${name}-x`, namespace: 'ns', labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: endpointsOf(pods),
      ports: ports.map(({ name: of, targetPort }) => ({ name: of, port: targetPort, protocol: 'TCP' })),
    });
  };
  const endpointsOf = (pods: readonly LabPod[]) =>
    pods.map(({ ip }) => ({ addresses: [ip], conditions: { ready: true } }));
  const endpointsAre = (name: string, pods: readonly LabPod[]) =>
    client.patch(REFS.endpointSlices, 'ns', `${name}-x`, 'merge', { endpoints: endpointsOf(pods) });
  const create = (name: string, spec: k8s.IngressSpec) =>
    client.create<KubeObject>(INGRESSES, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name, namespace: 'ns' },
      spec,
    });
  const to = (
    name: string,
    path = '/',
    pathType = 'Prefix',
    port: k8s.ServiceBackendPort = { number: 80 },
  ) => ({
    path,
    pathType,
    backend: { service: { name, port } },
  });
  const rule = (host: string | undefined, ...paths: k8s.HTTPIngressPath[]): k8s.IngressRule => ({
    ...(host === undefined ? {} : { host }),
    http: { paths },
  });
  const http = () => ingress.ports?.http ?? 0;
  const who = async (host: string, path = '/') => whoOf(await get(http(), host, path));
  const eventually = async (probe: () => Promise<unknown>, wanted: unknown) => {
    await expect.poll(probe, { timeout: 10_000, interval: 20 }).toEqual(wanted);
  };
  const notes = async (name: string) => {
    const { items } = await client.list<KubeObject>(REFS.newEvents, { namespace: 'ns' });
    return items
      .filter(({ regarding }) => regarding.name === name)
      .map(({ reason, note }) => `${reason}: ${note}`);
  };

  it('at a name of localhost at once, by a class that is the default', async () => {
    expect(ingress.ports).toBeUndefined();
    await create('a-first', { rules: [rule('web.localhost', to('one'))] });
    await eventually(async () => {
      const { spec, status } = await client.get<KubeObject>(INGRESSES, 'ns', 'a-first');
      return [spec.ingressClassName, status.loadBalancer.ingress?.[0].ip];
    }, ['sampan', '127.0.0.1']);
    expect(await who('web.localhost')).toBe('a');
    expect(await who(`WEB.localhost:${http()}`)).toBe('a');
    expect(await who('other.localhost')).toBe('404');
    const { status } = await client.get<KubeObject>(INGRESSES, 'ns', 'a-first');
    expect(status.loadBalancer.ingress[0].ports).toEqual([
      { port: http(), protocol: 'TCP' },
      { port: ingress.ports?.https, protocol: 'TCP' },
    ]);
    const { body } = await get(http(), 'web.localhost', '/x?y=1');
    expect(JSON.parse(body)).toMatchObject({
      url: '/x?y=1',
      headers: { host: 'web.localhost', 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' },
    });
  });

  it('by path: exact before prefix, the longest prefix, whole elements, named ports', async () => {
    await create('paths', {
      rules: [
        rule(
          'paths.localhost',
          to('one', '/'),
          to('two', '/foo'),
          to('one', '/foo/bar/'),
          to('one', '/foo', 'Exact'),
          to('one', '/port', 'ImplementationSpecific', { name: 'admin' }),
          to('two', '/a b%"\'\\'),
        ),
      ],
    });
    await eventually(() => who('paths.localhost', '/foo/x'), 'b');
    expect(await who('paths.localhost', '/foo')).toBe('a');
    expect(await who('paths.localhost', '/foo?x=/foo/x')).toBe('a');
    expect(await who('paths.localhost', '/foo/')).toBe('b');
    expect(await who('paths.localhost', '/foobar')).toBe('a');
    expect(await who('paths.localhost', '/foo/bar')).toBe('a');
    expect(await who('paths.localhost', '/foo/barn')).toBe('b');
    expect(await who('paths.localhost', "/a%20b%%22'%5C/x")).toBe('b');
    expect(await who('paths.localhost', '/port')).toBe('a');
  });

  it('by wildcards of one label, and by default backends', async () => {
    await create('wild', {
      defaultBackend: { service: { name: 'two', port: { number: 80 } } },
      rules: [rule('*.wild.localhost', to('one', '/in')), rule('is.wild.localhost', to('two', '/'))],
    });
    await eventually(() => who('x.wild.localhost', '/in'), 'a');
    expect(await who('is.wild.localhost', '/in')).toBe('b');
    expect(await who('x.y.wild.localhost', '/in')).toBe('b');
    expect(await who('x.wild.localhost', '/out')).toBe('b');
    expect(await who('unknown.localhost')).toBe('b');
    await client.delete(INGRESSES, 'ns', 'wild');
    await eventually(() => who('unknown.localhost'), '404');
  });

  it('and what is wrong with one is told, and harms no other', async () => {
    await create('bad', {
      rules: [
        rule('web.localhost', to('two')),
        rule('bad.localhost', to('none'), to('one', '/port', 'Prefix', { number: 9 }), {
          path: '/r',
          pathType: 'Prefix',
          backend: { resource: { apiGroup: 'x.y', kind: 'Bucket', name: 'b' } },
        }),
      ],
      tls: [{ hosts: ['bad.localhost'], secretName: 'none' }],
    });
    await eventually(() => who('bad.localhost'), '503');
    expect(await who('web.localhost')).toBe('a');
    await eventually(
      async () => (await notes('bad')).sort(),
      [
        'InvalidCertificate: The Secret none cannot be used for TLS: there is none of type kubernetes.io/tls',
        'PathTaken: web.localhost, path /, belongs to the older Ingress ns/a-first',
        'ServiceNotFound: There is no Service none',
        'ServicePortNotFound: The Service one has no TCP port 9',
        'UnsupportedBackend: A backend is the resource Bucket b; only Services are supported',
      ],
    );
    await client.delete(INGRESSES, 'ns', 'bad');
  });

  it('over TLS with the certificate of the name, over HTTP/2, and WebSockets', async () => {
    const { certificatePem, privateKeyPem = '' } = issueCertificate(createCertificateAuthority('ca'), {
      subject: { commonName: 'mine', organizations: [] },
      usages: ['digital signature', 'server auth'],
      dnsNames: ['secure.localhost'],
    });
    await client.create<KubeObject>(REFS.secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'cert', namespace: 'ns' },
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': btoa(certificatePem), 'tls.key': btoa(privateKeyPem) },
    });
    await create('secure', {
      rules: [rule('secure.localhost', to('one'))],
      tls: [{ hosts: ['secure.localhost'], secretName: 'cert' }],
    });
    const https = ingress.ports?.https ?? 0;
    await eventually(() => certificateOf(https, 'secure.localhost'), 'mine');
    expect(await certificateOf(https, 'web.localhost')).toBe('localhost');
    const { status, body } = await getHttp2(https, 'secure.localhost');
    expect([status, JSON.parse(body)]).toMatchObject([
      200,
      { name: 'a', headers: { 'x-forwarded-proto': 'https' } },
    ]);
    const echo = await openEcho(http(), 'web.localhost');
    expect(await echo.say('hello')).toBe('hello');
    echo.close();
  });

  it('without a failed request while pods, hosts and the follower change, and open connections go on', async () => {
    const echo = await openEcho(http(), 'web.localhost');
    const hammer = new Hammer(http(), 'web.localhost');
    const kill = await a.web(8082);
    kill();
    for (let round = 0; round < 8; round++) {
      await endpointsAre('one', [[a, b], [b, c], [c], [a, b, c]][round % 4] ?? []);
      if (round % 2 === 0)
        await create(`more-${round}`, { rules: [rule(`more-${round}.localhost`, to('two'))] });
      else await client.delete(INGRESSES, 'ns', `more-${round - 1}`);
      await sleep(150);
      if (round === 4) {
        const { ports } = ingress;
        await ingress.stop('leave');
        ingress = start();
        await ingress.ready;
        expect(ingress.ports).toEqual(ports);
      }
    }
    const { failures, seen } = await hammer.stop();
    expect(failures).toEqual([]);
    expect([...seen.keys()].sort()).toEqual(['a', 'b', 'c']);
    expect(await echo.say('still here')).toBe('still here');
    echo.close();
  });

  it('again when the proxy was killed', async () => {
    const master = Number(await readFile(join(folder, 'proxy/run/pid'), 'utf8'));
    process.kill(master, 'SIGKILL');
    await expect
      .poll(() => readFile(join(folder, 'proxy/run/pid'), 'utf8').then(Number), { timeout: 10_000 })
      .not.toBe(master);
    await eventually(
      () =>
        who('web.localhost').then(
          (name) => ['a', 'b', 'c'].includes(name),
          () => false,
        ),
      true,
    );
  });

  it('and nothing runs when there is none any more', async () => {
    for (const name of ['a-first', 'paths', 'secure']) await client.delete(INGRESSES, 'ns', name);
    await eventually(async () => ingress.ports, undefined);
    expect(plane.errors).toEqual([]);
  });
});
