import { createServer, type IncomingMessage, type Server } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { KubeObject } from '@sampan/api';
import { createNodeProxy, NodeAgent } from '@sampan/apiserver';
import { REFS } from '@sampan/machinery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { type Plane, startPlane } from '../support/plane.ts';

const POD_IP = '10.244.0.7';

describe('proxies of the API', () => {
  let plane: Plane;
  let server: Server;
  let port = 0;
  let seen: IncomingMessage | undefined;
  let body = '';

  beforeAll(async () => {
    server = createServer((incoming, answer) => {
      seen = incoming;
      body = '';
      incoming.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      incoming.on('end', () => {
        answer.writeHead(incoming.url === '/teapot' ? 418 : 200, { 'x-from': 'the pod' });
        answer.end(`${incoming.method} ${incoming.url}`);
      });
    });
    const sockets = new WebSocketServer({ server });
    sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`echo ${data}`)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
    plane = await startPlane({
      nodeProxy: (reader) =>
        createNodeProxy({
          reader,
          agent: (name) => (name === 'gone' ? new NodeAgent('/nowhere/agent.sock') : undefined),
          // the pod of this test is here
          reach: (ip, onNode) => (ip === POD_IP && !onNode ? '127.0.0.1' : undefined),
        }),
    });
    const client = plane.control.client('test');
    await client.create(
      { group: '', version: 'v1', resource: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } },
    );
    await pod('web', POD_IP);
    await pod('liar', '127.0.0.1');
    await pod('cloud', '169.254.169.254');
    const ports = [{ name: 'http', port: 80 }];
    for (const name of ['web', 'made-up'])
      await client.create(REFS.services, {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name, namespace: 'default' },
        spec: { ports },
      } as KubeObject);
    const endpoints = (name: string, address: object) =>
      client.create(
        { group: '', version: 'v1', resource: 'endpoints', kind: 'Endpoints', namespaced: true },
        {
          apiVersion: 'v1',
          kind: 'Endpoints',
          metadata: { name, namespace: 'default' },
          subsets: [{ addresses: [address], ports: [{ name: 'http', port }] }],
        } as KubeObject,
      );
    await endpoints('web', { ip: POD_IP, targetRef: { kind: 'Pod', name: 'web', namespace: 'default' } });
    // an address that the pod does not have
    await endpoints('made-up', {
      ip: '10.244.0.99',
      targetRef: { kind: 'Pod', name: 'web', namespace: 'default' },
    });
    for (const name of ['gone', 'other'])
      await client.create(REFS.nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name } } as KubeObject);

    async function pod(name: string, podIP: string) {
      const containers = [{ name: 'c', image: 'i:1', ports: [{ containerPort: port }] }];
      await client.create(REFS.pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'default' },
        spec: { containers, automountServiceAccountToken: false, nodeName: 'gone' },
      } as KubeObject);
      const status = { podIP, podIPs: [{ ip: podIP }] };
      await client.patch(REFS.pods, 'default', name, 'strategic', { status }, { subresource: 'status' });
    }
  });

  afterAll(async () => {
    await plane?.close();
    server?.closeAllConnections();
    server?.close();
    expect(plane?.errors).toEqual([]);
  });

  interface Answer {
    readonly status: number;
    readonly headers: IncomingMessage['headers'];
    readonly text: string;
  }

  function send(path: string, method = 'GET', headers = {}, content = ''): Promise<Answer> {
    const { ca, cert, key } = plane;
    return new Promise((resolve, reject) => {
      const sent = request(
        `${plane.url}${path}`,
        { ca, cert, key, method, headers, agent: false },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (part: string) => {
            text += part;
          });
          answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
        },
      );
      sent.on('error', reject);
      sent.end(content);
    });
  }

  const pods = '/api/v1/namespaces/default/pods';
  const services = '/api/v1/namespaces/default/services';

  it('send a request on as it is, but for who sent it', async () => {
    const headers = {
      authorization: 'Bearer secret',
      'impersonate-user': 'admin',
      'impersonate-group': 'system:masters',
      'x-own': 'kept',
    };
    const {
      status,
      text,
      headers: answered,
    } = await send(`${pods}/web/proxy/a%2Fb//c?d=e%20f`, 'GET', headers);
    expect([status, text, answered['x-from']]).toEqual([200, 'GET /a%2Fb//c?d=e%20f', 'the pod']);
    expect(seen?.headers).toMatchObject({
      host: `${POD_IP}:${port}`,
      'x-own': 'kept',
      'x-forwarded-proto': 'https',
      'x-forwarded-uri': `${pods}/web/proxy/a%2Fb//c`,
    });
    expect(seen?.headers.authorization).toBeUndefined();
    expect(seen?.headers['impersonate-user']).toBeUndefined();
  });

  it.each([
    ['GET', {}],
    ...['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].flatMap((method) => [
      [method, { 'content-length': '4' }] as const,
      [method, { 'transfer-encoding': 'chunked' }] as const,
    ]),
  ] as const)('carry %s with %j', async (method, headers) => {
    const content = method === 'GET' ? '' : 'body';
    const { text } = await send(`${pods}/http:web:${port}/proxy/x`, method, headers, content);
    expect([text, body]).toEqual([`${method} /x`, content]);
  });

  it('pass on what the server answers, and send to a folder of its own', async () => {
    expect((await send(`${pods}/web/proxy/teapot`)).status).toBe(418);
    const { status, headers } = await send(`${pods}/web/proxy?a=b`);
    expect([status, headers.location]).toEqual([301, 'proxy/?a=b']);
  });

  it('find a pod of a Service by the name and by the number of the port', async () => {
    expect((await send(`${services}/web:http/proxy/x`)).text).toBe('GET /x');
    expect((await send(`${services}/web:80/proxy/x`)).text).toBe('GET /x');
    expect(await send(`${services}/web:81/proxy/x`)).toMatchObject({ status: 503 });
    expect(await send(`${services}/web:other/proxy/x`)).toMatchObject({ status: 503 });
  });

  it('go nowhere but to pods, whatever objects say', async () => {
    for (const name of ['liar', 'cloud'])
      expect(await send(`${pods}/${name}:${port}/proxy/`)).toMatchObject({
        status: 400,
        text: expect.stringContaining('address not allowed'),
      });
    expect(await send(`${services}/made-up:http/proxy/`)).toMatchObject({ status: 503 });
    expect(await send('/api/v1/nodes/gone:22/proxy/')).toMatchObject({ status: 400 });
  });

  it('hand connections over', async () => {
    const { url, ca, cert, key } = plane;
    const address = `${url.replace('https', 'wss')}${pods}/web/proxy/socket`;
    const protocol = 'base64url.bearer.authorization.k8s.io.c2VjcmV0';
    const socket = new WebSocket(address, [protocol, 'mine'], { ca, cert, key });
    const said = new Promise<string>((resolve, reject) => {
      socket.on('open', () => socket.send('hello'));
      socket.on('message', (data) => resolve(String(data)));
      socket.on('error', reject);
    });
    expect(await said).toBe('echo hello');
    expect([socket.protocol, seen]).toEqual(['mine', expect.anything()]);
    socket.close();
  });

  it('say that a pod does not answer, or a node', async () => {
    expect(await send(`${pods}/web:1/proxy/`)).toMatchObject({
      status: 503,
      text: expect.stringContaining('error trying to reach service'),
    });
    expect(await send('/api/v1/nodes/gone/proxy/healthz')).toMatchObject({
      status: 503,
      text: expect.stringContaining('the node agent'),
    });
    expect(await send('/api/v1/nodes/other/proxy/healthz')).toMatchObject({ status: 503 });
    expect(await send(`${pods}/web/log`)).toMatchObject({ status: 503 });
  });

  it('ask for an upgrade where streams need one', async () => {
    for (const stream of ['exec?command=x&stdout=1', 'attach?stdout=1', 'portforward'])
      expect(await send(`${pods}/web/${stream}`)).toMatchObject({
        status: 400,
        text: expect.stringContaining('Upgrade request required'),
      });
  });
});
