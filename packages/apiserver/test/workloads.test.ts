import { systemClock } from '@sampan/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Server, startServer } from './harness.ts';

let server: Server;
beforeAll(async () => {
  server = await startServer(systemClock);
  await ask('POST', '/api/v1/namespaces', { metadata: { name: 'w' } });
  await ask('POST', '/api/v1/namespaces/w/serviceaccounts', { metadata: { name: 'default' } });
});
afterAll(() => server.close());

const ask = (method: string, path: string, body?: unknown) => server.ask(method, path, body);
const APPS = '/apis/apps/v1/namespaces/w';
const spec = {
  selector: { matchLabels: { app: 'a' } },
  template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'a:1' }] } },
};

describe('a Deployment', () => {
  it('has a new generation when its spec or its annotations change, not with its labels', async () => {
    await ask('POST', `${APPS}/deployments`, { metadata: { name: 'd' }, spec });
    const after = async (patch: object) =>
      (await ask('PATCH', `${APPS}/deployments/d`, patch)).body.metadata.generation;
    expect(await after({ metadata: { labels: { a: 'b' } } })).toBe(1);
    expect(await after({ metadata: { annotations: { a: 'b' } } })).toBe(2);
    expect(await after({ metadata: { annotations: { a: 'b' } } })).toBe(2);
    expect(await after({ spec: { replicas: 3 } })).toBe(3);
  });

  it('is scaled only by a Scale of its own name and namespace', async () => {
    await ask('POST', `${APPS}/deployments`, { metadata: { name: 's' }, spec });
    const scale = async (metadata: object) =>
      (await ask('PUT', `${APPS}/deployments/s/scale`, { metadata, spec: { replicas: 5 } })).body;
    expect((await scale({ name: 'other' })).message).toBe(
      'the name of the object (other) does not match the name on the URL (s)',
    );
    expect((await scale({})).code).toBe(400);
    expect((await scale({ name: 's', namespace: 'x' })).message).toContain('the namespace of the object (x)');
    expect((await scale({ name: 's' })).spec.replicas).toBe(5);
  });
});

describe('a DaemonSet', () => {
  it('belongs with its count of templates to who wrote it, and nobody can set that count', async () => {
    const { body } = await ask('POST', `${APPS}/daemonsets`, { metadata: { name: 'n' }, spec });
    const [entry] = body.metadata.managedFields;
    const name = 'deprecated.daemonset.template.generation';
    expect(entry.fieldsV1['f:metadata']['f:annotations']).toEqual({ '.': {}, [`f:${name}`]: {} });
    expect(body.metadata.annotations).toEqual({ [name]: '1' });
    const patched = await ask('PATCH', `${APPS}/daemonsets/n`, {
      metadata: { annotations: { [name]: '7' } },
    });
    expect(patched.body.metadata.annotations).toEqual({ [name]: '1' });
  });
});

describe('a token request', () => {
  it('is answered with the fields of who asked', async () => {
    const path = '/api/v1/namespaces/w/serviceaccounts/default/token?fieldManager=m';
    const { body } = await ask('POST', path, { spec: { audiences: ['x'] } });
    expect(body.metadata.managedFields).toMatchObject([{ manager: 'm', subresource: 'token' }]);
    expect(body.metadata).toMatchObject({ name: 'default', namespace: 'w' });
  });
});

describe('the status of a pod', () => {
  it('brings a warning when an address in it is written oddly, once', async () => {
    const path = '/api/v1/namespaces/w/pods';
    await ask('POST', path, { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'a:1' }] } });
    const podIP = '2001:db8:0::1';
    const status = { podIP, podIPs: [{ ip: podIP }] };
    const write = async () => (await ask('PATCH', `${path}/p/status`, { status })).headers.warning;
    expect(await write()).toContain('status.podIPs[0].ip');
    expect(await write()).toBeUndefined();
  });
});
