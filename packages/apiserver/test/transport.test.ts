import { connect as connectHttp2 } from 'node:http2';
import { Agent, request } from 'node:https';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { createCertificateAuthority, issueCertificate } from '@sampan/machinery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONFIG_MAPS, configMap, type Server, startServer } from './harness.ts';

let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

/** Sends bytes over a connection of its own and reads until the server closes or is silent. */
function raw(send: (socket: TLSSocket) => void, silenceMs = 1500): Promise<string> {
  const { port } = new URL(server.url);
  return new Promise((resolve) => {
    let text = '';
    const socket = connectTls({
      port: Number(port),
      host: '127.0.0.1',
      ca: server.ca,
      cert: server.cert,
      key: server.key,
      ALPNProtocols: ['http/1.1'],
    });
    const done = () => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(silenceMs, done);
    socket.on('secureConnect', () => send(socket));
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    socket.on('close', done);
    socket.on('error', done);
  });
}

describe('the listener', () => {
  it('speaks HTTP/2 with the same certificate', async () => {
    const session = connectHttp2(server.url, { ca: server.ca, cert: server.cert, key: server.key });
    const stream = session.request({ ':path': '/api/v1/namespaces/default', ':method': 'GET' });
    const chunks: Buffer[] = [];
    const status = await new Promise<number>((resolve, reject) => {
      stream.on('response', (headers) => resolve(Number(headers[':status'])));
      stream.on('error', reject);
    });
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    session.close();
    expect(status).toBe(200);
    expect(JSON.parse(Buffer.concat(chunks).toString()).metadata.name).toBe('default');
  });

  it('takes nobody for somebody by the certificate of another authority', async () => {
    const foreign = createCertificateAuthority('foreign');
    const forged = issueCertificate(foreign, {
      subject: { commonName: 'admin', organizations: ['system:masters'] },
      usages: ['client auth'],
    });
    const session = connectHttp2(server.url, {
      ca: server.ca,
      cert: forged.certificatePem,
      key: forged.privateKeyPem,
    });
    const stream = session.request({ ':path': '/api/v1/namespaces' });
    const status = await new Promise<number>((resolve) =>
      stream.on('response', (headers) => resolve(Number(headers[':status']))),
    );
    session.destroy();
    expect(status).toBe(401);
  });

  it('answers 413 to a body beyond the limit, announced or not', async () => {
    const announced = await raw((socket) =>
      socket.write(
        `POST ${CONFIG_MAPS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 4000000\r\n\r\n`,
      ),
    );
    expect(announced).toContain('HTTP/1.1 413');
    const chunked = await raw((socket) => {
      socket.write(
        `POST ${CONFIG_MAPS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
      );
      const piece = 'x'.repeat(0x10000);
      for (let i = 0; i < 60; i++) socket.write(`10000\r\n${piece}\r\n`);
    });
    expect(chunked).toContain('HTTP/1.1 413');
  });

  it('answers 431 to headers beyond the limit', async () => {
    const answer = await raw((socket) =>
      socket.write(`GET /api HTTP/1.1\r\nHost: x\r\nX-Long: ${'y'.repeat(70_000)}\r\n\r\n`),
    );
    expect(answer).toContain('HTTP/1.1 431');
  });

  it('survives garbage, half requests and clients that go away', async () => {
    await raw((socket) => socket.end('\x00\x01garbage\r\n\r\n'), 300);
    await raw(
      (socket) => socket.end(`POST ${CONFIG_MAPS} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"half`),
      300,
    );
    await raw((socket) => {
      socket.write(`GET ${CONFIG_MAPS}?watch=1 HTTP/1.1\r\nHost: x\r\n\r\n`);
      setTimeout(() => socket.destroy(), 50);
    }, 300);
    expect((await server.ask('POST', CONFIG_MAPS, configMap('still-here'))).status).toBe(201);
  });

  it('takes large requests on a connection that still sends large answers, pipelined ones, too', async () => {
    // answers come later than the last byte of the request, since they wait for a commit
    const body = JSON.stringify(
      configMap('', { a: 'x'.repeat(100_000) }, { name: undefined, generateName: 'large-' }),
    );
    const agent = new Agent({
      keepAlive: true,
      maxSockets: 1,
      ca: server.ca,
      cert: server.cert,
      key: server.key,
    });
    const post = () =>
      new Promise<number>((resolve, reject) => {
        const headers = { 'content-type': 'application/json', 'content-length': body.length };
        const sent = request(`${server.url}${CONFIG_MAPS}`, { agent, method: 'POST', headers }, (answer) => {
          answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
        });
        sent.on('error', reject);
        sent.end(body);
      });
    const statuses = new Set<number>();
    for (let round = 0; round < 100; round++) statuses.add(await post());
    agent.destroy();
    expect(statuses).toEqual(new Set([201]));
    const one = `POST ${CONFIG_MAPS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const answers = await raw((socket) => socket.write(one.repeat(30)));
    expect(answers.match(/HTTP\/1.1 201/g)).toHaveLength(30);
  });

  it.each([
    ['broken JSON', '{"a":', 400],
    ['a list', '[]', 400],
    ['too deep nesting', `${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}`, 400],
    ['another kind', '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"}}', 400],
    ['a wrong type', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":1}}', 400],
  ])('answers %s with a Status', async (_what, body, code) => {
    const answer = await server.ask('POST', CONFIG_MAPS, body);
    expect(answer.status).toBe(code);
    expect(answer.body).toMatchObject({ kind: 'Status', status: 'Failure', reason: 'BadRequest' });
    expect(answer.body.message.length).toBeGreaterThan(10);
  });

  it('names unknown and duplicate fields by header or refuses them, as asked', async () => {
    const odd =
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"odd"},"data":{"a":"1","a":"2"},"more":1}';
    const warned = await server.ask('POST', `${CONFIG_MAPS}?dryRun=All`, odd);
    expect(warned.status).toBe(201);
    expect(warned.headers.warning).toContain('duplicate field \\"data.a\\"');
    expect(warned.headers.warning).toContain('unknown field \\"more\\"');
    const refused = await server.ask('POST', `${CONFIG_MAPS}?fieldValidation=Strict`, odd);
    expect(refused.status).toBe(400);
    expect(refused.body.message).toContain('strict decoding error');
  });
});
