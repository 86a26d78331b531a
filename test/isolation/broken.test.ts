import { readFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../clients/eventually.ts';
import { startTwoGuests, type TwoGuests } from './two-guests.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const PODS = '/api/v1/namespaces/default/pods';

let world: TwoGuests;
let before: string;

/** The processes below the server: the guests process. */
const children = () => {
  const { pid } = world.sampan;
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
};

beforeAll(async () => {
  world = await startTwoGuests();
  before = children();
  expect(before).toMatch(/^\d+$/);
});

afterAll(() => world?.stop());

/** One that ends the process ends all clusters for a moment. */
async function expectAllWell(clusters = [world.a, world.b, world.host]) {
  for (const cluster of clusters) expect((await cluster.get('/version')).code).toBe(200);
  expect(children()).toBe(before);
  expect(world.sampan.log()).not.toContain('the guests process ended');
}

const head = (method: string, path: string, ...lines: string[]) =>
  [`${method} /clusters/a${path} HTTP/1.1`, 'Host: a', ...lines, '', ''].join('\r\n');
const upgrade = (protocol: string, ...lines: string[]) => [
  'Connection: Upgrade',
  `Upgrade: ${protocol}`,
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ...lines,
];

/** Writes, waits, and resets the connection, so that the other side gets an error. */
function breakOff(bytes: string | Buffer, waitMs: number): Promise<void> {
  const { hostname, port } = new URL(world.sampan.url);
  const { cert = '', key = '' } = world.a.admin;
  return new Promise((resolve) => {
    const tcp = connectTcp(Number(port), hostname);
    const socket = connectTls({
      ...{ socket: tcp, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'], cert, key },
    });
    socket.on('error', () => {});
    tcp.on('error', () => {});
    tcp.on('close', () => resolve());
    socket.on('data', () => {});
    socket.on('secureConnect', () => {
      socket.write(bytes);
      setTimeout(() => tcp.resetAndDestroy(), waitMs);
    });
  });
}

describe('a client of one cluster ends no other cluster', () => {
  const REQUESTS: [string, () => string][] = [
    ['a request', () => head('GET', MAPS)],
    ['half a head', () => `GET /clusters/a${MAPS} HTTP/1.1\r\nHost:`],
    [
      'half a body',
      () => `${head('POST', MAPS, 'Content-Type: application/json', 'Content-Length: 500')}{"me`,
    ],
    ['half a chunk', () => `${head('POST', MAPS, 'Transfer-Encoding: chunked')}fff\r\n{"me`],
    ['a chunk that is none', () => `${head('POST', MAPS, 'Transfer-Encoding: chunked')}zz\r\n{"me`],
    ['a watch', () => head('GET', `${MAPS}?watch=1`)],
    ['a watch by WebSocket', () => head('GET', `${MAPS}?watch=1`, ...upgrade('websocket'))],
    [
      'a WebSocket with frames that are none',
      () =>
        `${head('GET', `${MAPS}?watch=1`, ...upgrade('websocket'))}\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff`,
    ],
    ['exec', () => head('POST', `${PODS}/none/exec?command=id`, ...upgrade('SPDY/3.1'))],
    [
      'exec by WebSocket',
      () =>
        head(
          'GET',
          `${PODS}/none/exec?command=id`,
          ...upgrade('websocket', 'Sec-WebSocket-Protocol: v5.channel.k8s.io'),
        ),
    ],
    ['port-forward', () => head('POST', `${PODS}/none/portforward`, ...upgrade('SPDY/3.1'), 'garbage')],
    ['a proxy', () => head('GET', `${PODS}/none/proxy/x`, ...upgrade('other'))],
    ['a protocol nobody knows', () => head('GET', '/version', ...upgrade('h2c'))],
    ['CONNECT', () => head('CONNECT', MAPS)],
    ['many at once', () => head('GET', MAPS).repeat(200)],
    ['other clusters', () => head('GET', MAPS).replaceAll('/clusters/a', '/clusters/none')],
    [
      'other clusters by another protocol',
      () => head('GET', MAPS, ...upgrade('websocket')).replaceAll('/clusters/a', '/clusters/none'),
    ],
  ];

  it.each(REQUESTS)('when it breaks off %s', async (_, text) => {
    for (const waitMs of [0, 1, 3, 10, 40])
      await Promise.all(Array.from({ length: 6 }, () => breakOff(text(), waitMs)));
    await expectAllWell();
  });

  it('when it breaks off streams of HTTP/2', async () => {
    const { cert = '', key = '' } = world.a.admin;
    for (const waitMs of [0, 1, 5, 20]) {
      const session = connectHttp2(world.sampan.url, { rejectUnauthorized: false, cert, key });
      session.on('error', () => {});
      for (const path of [MAPS, `${MAPS}?watch=1`, '/version']) {
        for (const method of ['GET', 'POST', 'DELETE']) {
          const stream = session.request(
            { ':method': method, ':path': `/clusters/a${path}` },
            { endStream: false },
          );
          stream.on('error', () => {});
          stream.write('{"half');
          setTimeout(() => stream.close(8), waitMs);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, waitMs + 20));
      session.destroy();
    }
    await expectAllWell();
  });

  it('when it breaks off what wakes its cluster', async () => {
    const { host } = world;
    for (const lines of [[], upgrade('websocket'), upgrade('SPDY/3.1')]) {
      const type = 'application/merge-patch+json';
      const path = '/apis/clusters.sampan.dev/v1/clusters/a';
      const spec = { sleepRequestedAt: new Date().toISOString() };
      expect((await host.ask({ method: 'PATCH', path, type, body: { spec } })).code).toBe(200);
      await eventually('it sleeps', async () => (await host.get(path)).json().status.phase === 'Sleeping');
      await Promise.all(
        [0, 1, 2, 5, 10].map((waitMs) => breakOff(head('GET', `${MAPS}?watch=1`, ...lines), waitMs)),
      );
    }
    await expectAllWell();
  });

  it('when it reads nothing of what it asks for', async () => {
    const { a } = world;
    const data = { x: 'x'.repeat(500_000) };
    for (let count = 0; count < 4; count++) await a.create(MAPS, { metadata: { generateName: 'big' }, data });
    const { hostname, port } = new URL(world.sampan.url);
    const { cert = '', key = '' } = a.admin;
    const sockets = Array.from({ length: 10 }, () => {
      const socket = connectTls({
        ...{
          host: hostname,
          port: Number(port),
          rejectUnauthorized: false,
          ALPNProtocols: ['http/1.1'],
          cert,
          key,
        },
      });
      socket.on('error', () => {});
      socket.pause();
      socket.on('secureConnect', () => socket.write(head('GET', MAPS).repeat(20)));
      return socket;
    });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    // A itself waits for its share
    await expectAllWell([world.b, world.host]);
    // what waits for them is bounded, not 400 MB
    const rss = (pid: string) =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    expect(rss(before)).toBeLessThan(500_000);
    expect(rss(String(world.sampan.pid))).toBeLessThan(500_000);
    for (const socket of sockets) socket.destroy();
    await expectAllWell();
  });
});
