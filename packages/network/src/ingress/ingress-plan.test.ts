import type { k8s } from '@sampan/api';
import { describe, expect, it } from 'vitest';
import { service, slice } from '../../test/objects.ts';
import { haproxyFiles } from './haproxy-config.ts';
import { planIngress } from './ingress-plan.ts';
import { type Ingress, type IngressClass, ingressesOf } from './objects.ts';
import { assignAll } from './server-slots.ts';

const ingress = (name: string, spec: k8s.IngressSpec, createdAt = '2026-01-01T00:00:00Z'): Ingress => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name, namespace: 'ns', creationTimestamp: createdAt },
  spec,
});
const backend = (name: string) => ({ service: { name, port: { number: 80 } } });
const rule = (host: string, path: string, to: string): k8s.IngressRule => ({
  host,
  http: { paths: [{ path, pathType: 'Prefix', backend: backend(to) }] },
});
const services = [
  service('one', { ports: [{ port: 80 }] }),
  service('two', { ports: [{ port: 80, appProtocol: 'kubernetes.io/h2c' }], sessionAffinity: 'ClientIP' }),
  service('out', { type: 'ExternalName', externalName: 'example.com' }),
];
const slices = [
  slice('one', [{ port: 8080 }], [{ addresses: ['10.244.0.5'] }, { addresses: ['192.0.2.1'] }]),
];
const plan = (...ingresses: Ingress[]) =>
  planIngress(ingresses, {
    services,
    slices,
    secrets: [],
    reach: (ip) => (ip.startsWith('10.244.') ? ip : undefined),
  });
const filesOf = (...ingresses: Ingress[]) => {
  const made = plan(...ingresses);
  return haproxyFiles(made, assignAll(new Map(), made.backends.values()), {
    addresses: ['127.0.0.1', '::1'],
    ports: { http: 80, https: 443 },
    threads: 1,
    defaultCertificate: 'PEM',
  });
};

describe('a plan of Ingresses', () => {
  it('is of those whose class is ours, by field or annotation, the oldest first', () => {
    const classes: IngressClass[] = [
      { apiVersion: '', kind: '', metadata: { name: 'mine' }, spec: { controller: 'sampan.io/ingress' } },
      { apiVersion: '', kind: '', metadata: { name: 'other' }, spec: { controller: 'x.y/z' } },
    ];
    const young = ingress('a', { ingressClassName: 'mine' }, '2026-02-01T00:00:00Z');
    const old = ingress('b', {});
    old.metadata.annotations = { 'kubernetes.io/ingress.class': 'mine' };
    const others = [ingress('c', { ingressClassName: 'other' }), ingress('d', {})];
    expect(ingressesOf([young, old, ...others], classes)).toEqual([old, young]);
  });

  it('connects only to what may be reached, and to no name outside', () => {
    const { backends, problems } = plan(
      ingress('a', { rules: [rule('x.y', '/', 'one'), rule('x.z', '/', 'out')] }),
    );
    expect(backends.get('ns_one_80')?.endpoints).toEqual([{ ip: '10.244.0.5', port: 8080 }]);
    expect(backends.size).toBe(1);
    expect(problems).toMatchObject([{ reason: 'UnsupportedBackend' }]);
  });

  it('knows what a Service speaks, and that clients stay with a pod', () => {
    const { backends } = plan(ingress('a', { defaultBackend: backend('two') }));
    expect(backends.get('ns_two_80')).toMatchObject({ protocol: 'h2c', isSticky: true });
  });
});

describe('the configuration of HAProxy', () => {
  it('takes nothing that a user writes for more than a name or a path', () => {
    const evil = '/a\nbackend evil\n  server s 127.0.0.1:22 # " \' \\ %[src] $HOME |';
    const files = filesOf(
      ingress('a', {
        rules: [rule('x.y\nevil', '/', 'one'), rule('*.x.y', evil, 'one'), rule('', '/e\u{d800}', 'one')],
      }),
    );
    expect(files.get('hosts.map')).toBe('*.x.y *.x.y\n');
    const [first, second, ...rest] = (files.get('prefixes.map') ?? '').split('\n');
    expect(first).toMatch(/^\*\.x\.y\|\/a%0Abackend%20evil[!-~]*\/ ns_one_80$/);
    expect(second).toBe('|/e%EF%BF%BD/ ns_one_80');
    expect(rest).toEqual(['']);
    expect(files.get('haproxy.cfg')).not.toContain('evil');
  });

  it('is the same for the same objects in another order', () => {
    const one = ingress('a', { rules: [rule('a.b', '/', 'one')] });
    const two = ingress('b', { rules: [rule('c.d', '/', 'two')] });
    expect([...filesOf(one, two)]).toEqual([...filesOf(two, one)]);
  });
});
