import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { probeGrpc } from './grpc-probe.ts';
import { type HttpProbe, probeHttp } from './http-probe.ts';
import { probeTcp } from './tcp-probe.ts';

const never = new AbortController().signal;
const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Serves on loopback; answers the port. */
function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
}

function at(port: number, more: Partial<HttpProbe> = {}): HttpProbe {
  // the name is the pod's; what is dialled is another address
  return { host: '10.1.2.3', dial: '127.0.0.1', port, secure: false, path: '/', headers: [], ...more };
}

describe('an HTTP probe', () => {
  it('asks as upstream does, in the name of the pod, with the headers that it is given', async () => {
    const seen: IncomingMessage[] = [];
    const port = await serve((request, response) => {
      seen.push(request);
      response.end('ok');
    });
    const headers = [
      { name: 'X-A', value: '1' },
      { name: 'X-A', value: '2' },
    ];
    const outcome = await probeHttp(at(port, { path: 'a b?q=é', headers }), 1000, never);
    expect(outcome).toEqual({ result: 'success', output: 'ok' });
    expect(seen[0]?.url).toBe('/a%20b?q=%C3%A9');
    expect(seen[0]?.headers).toMatchObject({
      host: `10.1.2.3:${port}`,
      'user-agent': expect.stringMatching(/^kube-probe\//),
      accept: '*/*',
      'x-a': '1, 2',
    });
    const own = [
      { name: 'Host', value: 'example.com' },
      { name: 'accept', value: '' },
      { name: 'User-agent', value: 'me' },
    ];
    await probeHttp(at(port, { headers: own }), 1000, never);
    expect(seen[1]?.headers).toMatchObject({ host: 'example.com', 'user-agent': 'me' });
    expect(seen[1]?.headers.accept).toBeUndefined();
  });

  it('succeeds with 200 to 399 and says which code it was otherwise', async () => {
    const port = await serve((request, response) => {
      response.statusCode = Number(request.url?.slice(1));
      response.end();
    });
    const ask = (code: number) => probeHttp(at(port, { path: `/${code}` }), 1000, never);
    expect((await ask(204)).result).toBe('success');
    expect((await ask(304)).result).toBe('warning');
    for (const code of [404, 503]) {
      expect(await ask(code)).toEqual({
        result: 'failure',
        output: `HTTP probe failed with statuscode: ${code}`,
      });
    }
  });

  it('follows redirects on the same host, and is content with one to another', async () => {
    const port = await serve((request, response) => {
      const to = {
        '/near': '/end',
        '/far': `http://0.0.0.0:${port}/end`,
        '/loop': '/loop',
        '/bad': '/missing',
      }[request.url ?? ''];
      if (to !== undefined) response.writeHead(302, { location: to }).end('moved');
      else response.writeHead(request.url === '/end' ? 200 : 404).end('end');
    });
    const ask = (path: string) => probeHttp(at(port, { path }), 1000, never);
    expect(await ask('/near')).toEqual({ result: 'success', output: 'end' });
    expect(await ask('/far')).toEqual({
      result: 'warning',
      output: 'Probe terminated redirects, Response body: moved',
    });
    expect((await ask('/bad')).output).toBe('HTTP probe failed with statuscode: 404');
    expect((await ask('/loop')).output).toMatch(/stopped after 10 redirects$/);
  });

  it('reads no more than 10 KiB and waits no longer than it may', async () => {
    const port = await serve((request, response) => {
      if (request.url === '/silent') return;
      response.write('x'.repeat(20_000));
    });
    const { result, output } = await probeHttp(at(port), 1000, never);
    expect([result, output.length]).toEqual(['success', 10_240]);
    expect((await probeHttp(at(port, { path: '/silent' }), 50, never)).output).toMatch(
      /^Get "http:\/\/10\.1\.2\.3:\d+\/silent": context deadline exceeded/,
    );
    const refused = await probeHttp(at(1, { dial: '127.0.0.1' }), 1000, never);
    expect(refused.output).toBe('Get "http://10.1.2.3:1/": dial tcp 10.1.2.3:1: connect: connection refused');
  });
});

describe('a TCP probe', () => {
  it('wants a connection and no more', async () => {
    const server = createTcpServer((socket) => socket.on('error', () => {}));
    closers.push(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const place = { host: '10.1.2.3', dial: '127.0.0.1', port };
    expect((await probeTcp(place, 1000, never)).result).toBe('success');
    expect(await probeTcp({ ...place, port: 1 }, 1000, never)).toEqual({
      result: 'failure',
      output: 'dial tcp 10.1.2.3:1: connect: connection refused',
    });
  });
});

describe('a gRPC probe', () => {
  it('asks the health service', async () => {
    const same = (bytes: Buffer) => bytes;
    const agents: unknown[] = [];
    const server = new Server();
    closers.push(() => server.forceShutdown());
    const method = {
      path: '/grpc.health.v1.Health/Check',
      requestStream: false,
      responseStream: false,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    };
    const answer = (call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) => {
      agents.push(call.metadata.get('user-agent')[0]);
      const service = call.request.subarray(2).toString();
      if (service === 'none') reply({ code: status.NOT_FOUND, details: 'no such service' });
      else reply(null, Buffer.from([8, service === 'ill' ? 2 : 1]));
    };
    server.addService({ Check: method }, { Check: answer });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    const ask = (service: string, to = port, timeoutMs = 2000) =>
      probeGrpc({ host: '10.1.2.3', dial: '127.0.0.1', port: to, service }, timeoutMs, never);
    expect(await ask('')).toEqual({ result: 'success', output: 'service healthy' });
    expect(agents[0]).toMatch(/^kube-probe\//);
    expect((await ask('ill')).output).toBe('service unhealthy (responded with "NOT_SERVING")');
    expect((await ask('none')).output).toBe(
      'error: health rpc probe failed: rpc error: code = NotFound desc = no such service',
    );
    expect((await ask('', 1, 300)).output).toBe(
      'timeout: failed to connect service "10.1.2.3:1" within 0.3s: context deadline exceeded',
    );
  });
});
