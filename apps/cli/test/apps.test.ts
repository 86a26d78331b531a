import type { k8s } from '@sampan/api';
import { describe, expect, it } from 'vitest';
import { envFrom, nameFrom, runManifest } from '../src/apps/manifest.ts';
import { parseObjects } from '../src/apps/read-objects.ts';
import { troubleOf } from '../src/apps/trouble.ts';
import { nodeStatusOf, waitingBalancers } from '../src/apps/troubles.ts';
import { ingressUrls, selects, urlsOf } from '../src/apps/urls.ts';

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return 'no error';
};

const podWith = (status: k8s.PodStatus, spec: Partial<k8s.PodSpec> = {}): k8s.Pod => ({
  metadata: { name: 'a', uid: 'u' },
  spec: { containers: [{ name: 'c' }], ...spec },
  status,
});
const container = (state: k8s.ContainerState, lastState?: k8s.ContainerState): k8s.ContainerStatus => ({
  name: 'c',
  image: 'i',
  imageID: '',
  ready: false,
  restartCount: 0,
  state,
  ...(lastState ? { lastState } : {}),
});
const event = (reason: string, lastTimestamp: string): k8s.CoreV1Event => ({
  metadata: { name: reason },
  type: 'Warning',
  reason,
  message: `about ${reason}`,
  involvedObject: { uid: 'u' },
  lastTimestamp,
});

describe('trouble of a pod', () => {
  it('is none while all goes its way', () => {
    const creating = container({ waiting: { reason: 'ContainerCreating' } });
    expect(troubleOf(podWith({ phase: 'Pending', containerStatuses: [creating] }))).toBeUndefined();
    const done = container({ terminated: { exitCode: 0, reason: 'Completed' } });
    expect(troubleOf(podWith({ phase: 'Succeeded', containerStatuses: [done] }))).toBeUndefined();
    const going = podWith({ phase: 'Failed', reason: 'Evicted' });
    expect(
      troubleOf({ ...going, metadata: { ...going.metadata, deletionTimestamp: 'now' } }),
    ).toBeUndefined();
  });

  it('is what its containers wait for, with how they ended the last time', () => {
    const looping = container(
      { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } },
      { terminated: { exitCode: 137, reason: 'OOMKilled' } },
    );
    expect(troubleOf(podWith({ containerStatuses: [looping] }))).toMatchObject({
      step: 'run',
      reason: 'CrashLoopBackOff',
      message: 'back-off; the last time: out of memory',
      lasting: true,
    });
    const init = container({ waiting: { reason: 'InvalidImageName' } });
    expect(troubleOf(podWith({ initContainerStatuses: [init] }))).toMatchObject({ step: 'image' });
  });

  it('lasts when its containers are not started again', () => {
    const failed = container({ terminated: { exitCode: 2, reason: 'Error' } });
    const status = { phase: 'Running', containerStatuses: [failed] };
    expect(troubleOf(podWith(status))).toMatchObject({ reason: 'Error', lasting: false });
    expect(troubleOf(podWith(status, { restartPolicy: 'Never' }))).toMatchObject({ lasting: true });
  });

  it('is the latest warning about it when its state says nothing', () => {
    const events = [event('FailedMount', '2026-01-01T00:00:01Z'), event('Unhealthy', '2026-01-01T00:00:02Z')];
    const conditions = [{ type: 'Ready', status: 'False' }];
    expect(troubleOf(podWith({ conditions }), events)).toMatchObject({
      step: 'probe',
      message: 'about Unhealthy',
    });
    expect(troubleOf(podWith({ conditions: [{ type: 'Ready', status: 'True' }] }), events)).toBeUndefined();
  });

  it('is that no node takes it', () => {
    const conditions = [
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes' },
    ];
    expect(troubleOf(podWith({ conditions }))).toMatchObject({
      reason: 'FailedScheduling',
      message: '0/1 nodes',
    });
  });
});

describe('advice', () => {
  // as containerd 1.6, runc 1.1 and the scheduler word it
  it.each([
    [
      'ErrImagePull',
      'failed to do request: Head "https://r.test/v2/a": x509: certificate signed by unknown authority',
      '--ca',
    ],
    ['ErrImagePull', 'http: server gave HTTP response to HTTPS client', '--insecure-http'],
    ['ErrImagePull', 'pull access denied, repository does not exist or may require authorization', 'login'],
    ['ImagePullBackOff', 'docker.io/library/nginx:1.99: not found', 'no such image'],
    ['ErrImagePull', 'dial tcp: lookup r.test on 192.0.2.1:53: no such host', 'online'],
    ['ErrImagePull', 'write /var/lib/x: no space left on device', 'disk is full'],
    [
      'CrashLoopBackOff',
      'back-off 10s; the last time: exit code 1: exec /app: exec format error',
      'processor',
    ],
    [
      'RunContainerError',
      'exec: "/nope": stat /nope: no such file or directory: unknown',
      'does not have that program',
    ],
    ['CrashLoopBackOff', 'back-off 10s; the last time: exit code 1', 'sampan logs'],
  ])('on %s (%s) names %s', (reason, message, expected) => {
    const pod = podWith({ containerStatuses: [container({ waiting: { reason, message } })] });
    expect(troubleOf(pod)?.advice).toContain(expected);
  });

  it.each([
    ['0/1 nodes are available: 1 Insufficient memory.', 'resources.requests'],
    ["0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.", 'hostPort'],
    ['0/1 nodes are available: 1 node(s) had untolerated taint(s).', 'sampan status'],
    ['no nodes available to schedule pods', 'sudo sampan up'],
  ])('on a pod that no node takes (%s) names %s', (message, expected) => {
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }];
    expect(troubleOf(podWith({ conditions }))?.advice).toContain(expected);
  });
});

describe('a node', () => {
  it('is told with what presses it', () => {
    const conditions = [
      { type: 'Ready', status: 'True' },
      { type: 'DiskPressure', status: 'True' },
    ];
    expect(nodeStatusOf({ metadata: { name: 'n' }, status: { conditions } })).toMatchObject({
      ready: true,
      message: expect.stringContaining('little disk space'),
    });
    expect(nodeStatusOf({ metadata: { name: 'n' } })).toMatchObject({ ready: false });
  });
});

describe('addresses', () => {
  it('are open ports of this machine', () => {
    const ports = [
      { port: 80, nodePort: 30_080 },
      { port: 443, nodePort: 30_443 },
      { port: 53, nodePort: 30_053, protocol: 'UDP' },
    ];
    expect(urlsOf({ spec: { type: 'NodePort', ports } })).toEqual([
      'http://127.0.0.1:30080/',
      'https://127.0.0.1:30443/',
    ]);
    expect(urlsOf({ spec: { ports: [{ port: 80 }] } })).toEqual([]);
    const status = { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } };
    expect(urlsOf({ spec: { type: 'LoadBalancer', ports: ports.slice(0, 1) }, status })).toEqual([
      'http://127.0.0.1/',
    ]);
  });

  it('are names that browsers know, where an Ingress leads', () => {
    const service = { metadata: { name: 's', namespace: 'n' } };
    const ingress = (host: string, tls: boolean, ports: number[]): k8s.Ingress => ({
      metadata: { name: 'i', namespace: 'n' },
      spec: {
        rules: [
          { host, http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 's' } } }] } },
        ],
        ...(tls ? { tls: [{ hosts: [host] }] } : {}),
      },
      status: { loadBalancer: { ingress: [{ ports: ports.map((port) => ({ port, protocol: 'TCP' })) }] } },
    });
    const urls = (...args: Parameters<typeof ingress>) => ingressUrls([ingress(...args)], [service]);
    expect(urls('a.localhost', false, [80, 443])).toEqual(['http://a.localhost/']);
    expect(urls('a.localhost', false, [8080, 8443])).toEqual(['http://a.localhost:8080/']);
    expect(urls('a.localhost', true, [8080, 8443])).toEqual(['https://a.localhost:8443/']);
    expect(urls('example.com', false, [80, 443])).toEqual([]);
    expect(ingressUrls([ingress('a.localhost', false, [80])], [])).toEqual([]);
  });

  it('are missing while somebody else has the port', () => {
    const service = { metadata: { name: 's', uid: 'u' }, spec: { type: 'LoadBalancer' } };
    expect(waitingBalancers([service], [])).toEqual([]);
    expect(waitingBalancers([service], [event('PortTaken', '')])).toEqual([
      expect.objectContaining({ name: 's', reason: 'PortTaken' }),
    ]);
    const served = { ...service, status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } };
    expect(waitingBalancers([served], [event('PortTaken', '')])).toEqual([]);
  });

  it('lead to what a Service selects, and one without a selector to nothing', () => {
    expect(selects({ spec: { selector: { app: 'a' } } }, { app: 'a', tier: 'b' })).toBe(true);
    expect(selects({ spec: { selector: { app: 'a', tier: 'c' } } }, { app: 'a', tier: 'b' })).toBe(false);
    expect(selects({ spec: {} }, { app: 'a' })).toBe(false);
  });
});

describe('an application that is run', () => {
  const plan = {
    image: 'nginx',
    name: 'web',
    namespace: 'default',
    replicas: 2,
    ports: [],
    env: [],
    command: [],
  };

  it('is a Deployment, and with a port a Service', () => {
    expect(runManifest(plan).map(({ kind }) => kind)).toEqual(['Deployment']);
    const [deployment, service] = runManifest({ ...plan, ports: [80] });
    expect(deployment.spec?.selector?.matchLabels).toEqual(deployment.spec?.template?.metadata?.labels);
    expect(service?.spec?.selector).toEqual({ app: 'web' });
  });

  it.each([
    ['nginx', 'nginx'],
    ['ghcr.io/team/My_App:1.2', 'my-app'],
    ['localhost:5000/9lives@sha256:abc', 'lives'],
  ])('from the image %s is called %s', (image, name) => expect(nameFrom(image)).toBe(name));

  it('needs a name when its image gives none', () => expect(codeOf(() => nameFrom('a/123'))).toBe('usage'));

  it('takes variables as docker does', () => {
    expect(envFrom(['A=1=2', 'HOME'], { HOME: '/root' })).toEqual([
      { name: 'A', value: '1=2' },
      { name: 'HOME', value: '/root' },
    ]);
    expect(codeOf(() => envFrom(['=x'], {}))).toBe('usage');
    expect(codeOf(() => envFrom(['NOT_THERE'], {}))).toBe('usage');
  });
});

describe('files of objects', () => {
  it('hold documents and lists', () => {
    const one = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n';
    expect(parseObjects(`${one}---\n---\n${one}`, 'f')).toHaveLength(2);
    const list = JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } }],
    });
    expect(parseObjects(list, 'f')).toEqual([expect.objectContaining({ kind: 'Pod' })]);
    expect(parseObjects('', 'f')).toEqual([]);
  });

  it.each(['a: [', 'kind: Pod', 'just words', 'apiVersion: v1\nkind: Pod'])(
    'are refused when they say %j',
    (text) => {
      expect(codeOf(() => parseObjects(text, 'f'))).toBe('manifest-invalid');
    },
  );
});
