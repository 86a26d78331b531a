import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { type DecodedPacket, decode, encode, type Packet } from 'dns-packet';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { service, slice } from '../../test/objects.ts';
import { DnsServer } from './dns-server.ts';
import { MemoryZone } from './memory-zone.ts';
import { framed, Upstream } from './upstream.ts';

type Ask = Partial<Packet> & { name?: string; ask?: string; edns?: number };
const packetOf = ({ name = 'web.ns.svc.cluster.local', ask = 'A', edns, ...rest }: Ask): Buffer =>
  encode({
    type: 'query',
    id: 4711,
    flags: 0x100,
    questions: [{ name, type: ask as 'A', class: 'IN' }],
    ...(edns
      ? {
          additionals: [
            {
              type: 'OPT',
              name: '.',
              udpPayloadSize: edns,
              extendedRcode: 0,
              ednsVersion: 0,
              flags: 0,
              flag_do: false,
              options: [],
            },
          ],
        }
      : {}),
    ...rest,
  });

async function overUdp(port: number, message: Buffer, timeoutMs = 3000): Promise<Buffer | undefined> {
  const socket = createSocket('udp4');
  try {
    socket.send(message, port, '127.0.0.1');
    const [answer] = (await once(socket, 'message', { signal: AbortSignal.timeout(timeoutMs) })) as [Buffer];
    return answer;
  } catch {
    return undefined;
  } finally {
    socket.close();
  }
}

async function overTcp(port: number, ...messages: Buffer[]): Promise<DecodedPacket[]> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.write(Buffer.concat(messages.map(framed)));
  let all: Buffer = Buffer.alloc(0);
  const answers: DecodedPacket[] = [];
  for await (const chunk of socket) {
    all = Buffer.concat([all, chunk as Buffer]);
    while (all.length >= 2 && all.length >= all.readUInt16BE(0) + 2) {
      answers.push(decode(all.subarray(2, all.readUInt16BE(0) + 2)));
      all = all.subarray(all.readUInt16BE(0) + 2);
    }
    if (answers.length === messages.length) break;
  }
  return answers;
}

describe('cluster DNS on the wire', () => {
  const zone = new MemoryZone();
  let server: DnsServer;
  let outside: { udp: UdpSocket; tcp: Server; asked: string[]; answer: (name: string) => Partial<Packet> };

  beforeAll(async () => {
    zone.putNamespace('ns');
    zone.putService(service('web', { clusterIP: '10.96.0.5', ports: [{ name: 'http', port: 80 }] }));
    zone.putService(service('many', { clusterIP: 'None', ports: [{ port: 80 }] }));
    zone.putService(service('out', { type: 'ExternalName', externalName: 'outside.example' }));
    const endpoints = Array.from({ length: 200 }, (_, i) => ({ addresses: [`10.244.1.${i + 1}`] }));
    zone.putSlice(slice('many', [{ port: 80 }], endpoints));
    outside = await startOutside();
    const { port } = outside.udp.address();
    const upstream = new Upstream({ servers: [{ address: '127.0.0.1', port }], timeoutMs: 1000 });
    server = new DnsServer({
      view: zone,
      upstream,
      address: '127.0.0.1',
      port: 0,
      limits: { connectionsPerClient: 4, idleMs: 2000 },
    });
    await server.start();
  });
  afterAll(async () => {
    await server.stop();
    await server.stop();
    outside.udp.close();
    outside.tcp.close();
  });
  afterEach(() => {
    outside.asked.length = 0;
    outside.answer = address;
  });

  const address = (name: string): Partial<Packet> => ({
    answers: [{ type: 'A', name, ttl: 60, data: '192.0.2.1' }],
  });
  async function startOutside(): Promise<typeof outside> {
    const asked: string[] = [];
    const tcp = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk: Buffer) => {
        const { id, questions = [] } = decode(chunk.subarray(2));
        asked.push(`tcp ${questions[0]?.name}`);
        socket.end(
          framed(
            encode({ type: 'response', id: id ?? 0, questions, ...manyAddresses(questions[0]?.name ?? '') }),
          ),
        );
      });
    }).listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    const udp = createSocket('udp4');
    udp.bind((tcp.address() as { port: number }).port, '127.0.0.1');
    await once(udp, 'listening');
    udp.on('message', (message, from) => {
      const { id, questions = [] } = decode(message);
      asked.push(`udp ${questions[0]?.name}`);
      const reply = outside.answer(questions[0]?.name ?? '');
      if (reply.type === 'query') return;
      const additionals = [
        {
          type: 'OPT' as const,
          name: '.' as const,
          udpPayloadSize: 1232,
          extendedRcode: 0,
          ednsVersion: 0,
          flags: 0,
          flag_do: false,
          options: [],
        },
      ];
      // first what somebody else would send in the hope to be believed
      udp.send(
        encode({
          type: 'response',
          id: ((id ?? 0) + 1) & 0xffff,
          questions,
          answers: [{ type: 'A', name: questions[0]?.name ?? '', ttl: 60, data: '6.6.6.6' }],
        }),
        from.port,
        from.address,
      );
      udp.send(
        encode({ type: 'response', id: id ?? 0, questions, additionals, ...reply }),
        from.port,
        from.address,
      );
    });
    return { udp, tcp, asked, answer: address };
  }
  const manyAddresses = (name: string): Partial<Packet> => ({
    answers: Array.from({ length: 100 }, (_, i) => ({
      type: 'A' as const,
      name,
      ttl: 60,
      data: `192.0.2.${i}`,
    })),
  });
  const ask = async (query: Ask) => decode((await overUdp(server.port, packetOf(query))) ?? Buffer.alloc(0));
  const datas = ({ answers = [] }: DecodedPacket) =>
    answers.map((answer) => ('data' in answer ? answer.data : undefined));

  it('answers names of the cluster with authority, as they were spelled', async () => {
    const answer = await ask({ name: 'wEb.ns.SVC.cluster.local' });
    expect(answer).toMatchObject({ id: 4711, flag_aa: true, flag_ra: true, flag_rd: true, rcode: 'NOERROR' });
    expect(answer.questions?.[0]?.name).toBe('wEb.ns.SVC.cluster.local');
    expect(answer.answers).toMatchObject([
      { name: 'wEb.ns.SVC.cluster.local', type: 'A', ttl: 5, data: '10.96.0.5' },
    ]);
    expect(await ask({ name: 'nope.ns.svc.cluster.local' })).toMatchObject({
      rcode: 'NXDOMAIN',
      authorities: [{ type: 'SOA' }],
    });
  });

  it('says when an answer was cut, and gives the whole over TCP, many questions on one connection', async () => {
    const many = 'many.ns.svc.cluster.local';
    expect(await ask({ name: many })).toMatchObject({ flag_tc: true, answers: [] });
    const large = await overUdp(server.port, packetOf({ name: many, edns: 65_000 }));
    expect(large?.length).toBeLessThanOrEqual(1232);
    const [first, second] = await overTcp(server.port, packetOf({ name: many }), packetOf({}));
    expect(first?.answers).toHaveLength(200);
    expect(second?.answers).toHaveLength(1);
  });

  it('takes an answer of more than 512 bytes to clients that say they can', async () => {
    zone.putSlice(
      slice(
        'many',
        [{ port: 80 }],
        Array.from({ length: 50 }, (_, i) => ({ addresses: [`10.244.1.${i + 1}`] })),
      ),
    );
    expect(await ask({ name: 'many.ns.svc.cluster.local' })).toMatchObject({ flag_tc: true });
    const answer = await ask({ name: 'many.ns.svc.cluster.local', edns: 4096 });
    expect(answer.answers).toHaveLength(50);
    expect(answer.additionals).toMatchObject([{ type: 'OPT', udpPayloadSize: 1232 }]);
  });

  it('asks others for other names, once for many, and remembers the answer', async () => {
    const results = await Promise.all(Array.from({ length: 5 }, () => ask({ name: 'Once.Example' })));
    for (const result of results) {
      expect(datas(result)).toEqual(['192.0.2.1']);
      expect(result).toMatchObject({ flag_aa: false, additionals: [] });
    }
    expect(datas(await ask({ name: 'once.example', edns: 1232 }))).toEqual(['192.0.2.1']);
    expect(outside.asked).toEqual(['udp Once.Example']);
  });

  it('comes back over TCP when the answer of others was cut', async () => {
    outside.answer = () => ({ flags: 0x200 });
    const [answer] = await overTcp(server.port, packetOf({ name: 'large.example' }));
    expect(answer?.answers).toHaveLength(100);
    expect(outside.asked).toEqual(['udp large.example', 'tcp large.example']);
    expect(await ask({ name: 'large.example' })).toMatchObject({ flag_tc: true, answers: [] });
  });

  it('remembers that a name is not there, and does not remember failures', async () => {
    outside.answer = () => ({
      flags: 3,
      authorities: [
        {
          type: 'SOA',
          name: 'example',
          ttl: 60,
          data: { mname: 'a', rname: 'b', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 30 },
        },
      ],
    });
    expect(await ask({ name: 'not.example' })).toMatchObject({ rcode: 'NXDOMAIN' });
    outside.answer = address;
    expect(await ask({ name: 'not.example' })).toMatchObject({ rcode: 'NXDOMAIN' });
    outside.answer = () => ({ type: 'query' });
    expect(await ask({ name: 'silent.example' })).toMatchObject({ rcode: 'SERVFAIL' });
    outside.answer = address;
    expect(datas(await ask({ name: 'silent.example' }))).toEqual(['192.0.2.1']);
  });

  it('looks up the addresses of an ExternalName', async () => {
    expect(datas(await ask({ name: 'out.ns.svc.cluster.local' }))).toEqual(['outside.example', '192.0.2.1']);
  });

  it('refuses what it does not do', async () => {
    const refused = async (query: Ask) =>
      ask(query).then((answer) => ('rcode' in answer ? answer.rcode : undefined));
    expect(await refused({ flags: 0x2800 })).toBe('NOTIMP');
    expect(await refused({ ask: 'AXFR' })).toBe('REFUSED');
    expect(await refused({ questions: [{ name: 'a.example', type: 'A', class: 'CH' }] })).toBe('REFUSED');
    expect(await refused({ questions: [] })).toBe('FORMERR');
  });

  it('never answers an answer, nor what is too short', async () => {
    expect(await overUdp(server.port, packetOf({ type: 'response' }), 150)).toBeUndefined();
    expect(await overUdp(server.port, Buffer.from([1, 2, 3]), 150)).toBeUndefined();
  });

  it('survives any bytes', async () => {
    let state = 7;
    const random = () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return state >> 8;
    };
    const socket = createSocket('udp4');
    for (let i = 0; i < 2000; i++) {
      const message = packetOf({ edns: 1232 });
      message[2] = 1;
      for (let k = 0; k < 4; k++) message[4 + (random() % (message.length - 4))] = random() & 255;
      socket.send(message.subarray(0, 12 + (random() % (message.length - 12))), server.port, '127.0.0.1');
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    socket.close();
    expect(datas(await ask({}))).toEqual(['10.96.0.5']);
  });

  it('closes connections that are too many, idle, or send what is no question', async () => {
    const open = Array.from({ length: 6 }, () =>
      connect({ host: '127.0.0.1', port: server.port }).on('error', () => {}),
    );
    const times = await Promise.all(
      open.map(async (socket) => {
        const since = performance.now();
        await once(socket, 'close');
        return performance.now() - since;
      }),
    );
    expect(times.filter((time) => time < 1200)).toHaveLength(2);
    const bad = connect({ host: '127.0.0.1', port: server.port });
    bad.write(Buffer.from([255, 255, 1]));
    await once(bad, 'close');
    expect(datas(await ask({}))).toEqual(['10.96.0.5']);
  });
});
