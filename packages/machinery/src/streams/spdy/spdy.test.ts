import { once } from 'node:events';
import { type Duplex, duplexPair } from 'node:stream';
import { text } from 'node:stream/consumers';
import { inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CONTROL, controlFrame, dataHeader, FIN, FrameReader } from './frames.ts';
import { HeaderBlocks } from './header-block.ts';
import { SpdyClient } from './spdy-client.ts';

interface Seen {
  readonly controls: [type: number, payload: string][];
  readonly data: Map<number, string>;
  readonly ended: number[];
}

function reader(): { reader: FrameReader; seen: Seen } {
  const seen: Seen = { controls: [], data: new Map(), ended: [] };
  const sink = {
    control: (type: number, _flags: number, payload: Buffer) =>
      seen.controls.push([type, payload.toString('latin1')]),
    data: (id: number, part: Buffer, fin: boolean) => {
      seen.data.set(id, (seen.data.get(id) ?? '') + part.toString('latin1'));
      if (fin) seen.ended.push(id);
    },
  };
  return { reader: new FrameReader(sink), seen };
}

const data = (id: number, content: string, flags = 0) =>
  Buffer.concat([dataHeader(id, flags, content.length), Buffer.from(content)]);

describe('SPDY frames', () => {
  it('are read however the bytes are cut', () => {
    const bytes = Buffer.concat([
      data(1, 'hello '),
      controlFrame(CONTROL.ping, 0, Buffer.from('abcd')),
      data(3, 'other'),
      data(1, 'world', FIN),
      data(3, '', FIN),
    ]);
    for (let size = 1; size <= bytes.length; size++) {
      const { reader: frames, seen } = reader();
      for (let at = 0; at < bytes.length; at += size) frames.push(bytes.subarray(at, at + size));
      expect(seen.controls).toEqual([[CONTROL.ping, 'abcd']]);
      expect(Object.fromEntries(seen.data)).toEqual({ 1: 'hello world', 3: 'other' });
      expect(seen.ended).toEqual([1, 3]);
    }
  });

  it('of another version, and control frames that are too long, are refused', () => {
    expect(() => reader().reader.push(Buffer.from('HTTP/1.1 400 Bad'))).not.toThrow();
    expect(() => reader().reader.push(Buffer.from('8002000100000000', 'hex'))).toThrow(/SPDY\/3.1/);
    expect(() => reader().reader.push(Buffer.from('8003000100ffffff', 'hex'))).toThrow(/too long/);
  });
});

describe('header blocks', () => {
  it('are one zlib stream with the dictionary of SPDY/3', () => {
    const blocks = new HeaderBlocks();
    const [first, second] = [blocks.encode({ streamType: 'error' }), blocks.encode({ a: 'b', c: 'd' })];
    // FDICT is set, and the dictionary's Adler-32 follows (RFC 1950)
    expect(first.subarray(0, 6).toString('hex')).toBe('78bbe3c6a7c2');
    const last = Buffer.from([1, 0, 0, 0xff, 0xff]);
    const plain = inflateRawSync(Buffer.concat([first.subarray(6), second, last]));
    expect(plain.toString('latin1')).toBe(
      '\0\0\0\x01\0\0\0\x0astreamtype\0\0\0\x05error\0\0\0\x02\0\0\0\x01a\0\0\0\x01b\0\0\0\x01c\0\0\0\x01d',
    );
  });
});

describe('a SPDY client', () => {
  const connected = (): { client: SpdyClient; far: Duplex } => {
    const [near, far] = duplexPair();
    return { client: new SpdyClient(near), far };
  };

  it('opens streams, sends data in frames and closes its half', async () => {
    const { client, far } = connected();
    const stream = client.open({ streamType: 'stdin' });
    const content = 'x'.repeat(100_000);
    stream.end(content);
    const { reader: frames, seen } = reader();
    far.on('data', (chunk: Buffer) => frames.push(chunk));
    await once(stream, 'finish');
    client.destroy();
    await new Promise(setImmediate);
    expect(seen.controls.map(([type]) => type)).toEqual([CONTROL.synStream]);
    expect(seen.data.get(1)).toBe(content);
    expect(seen.ended).toEqual([1]);
  });

  it('gives each stream what came for it, and ends all with the connection', async () => {
    const { client, far } = connected();
    const [one, two] = [client.open({}), client.open({})];
    far.resume();
    far.write(Buffer.concat([data(1, 'a'), data(3, 'c'), data(1, 'b', FIN), data(99, 'nobody')]));
    expect(await text(one)).toBe('ab');
    far.end();
    expect(await text(two)).toBe('c');
    await client.closed;
  });

  it('answers pings', async () => {
    const { far } = connected();
    far.write(controlFrame(CONTROL.ping, 0, Buffer.from([0, 0, 0, 7])));
    const [answer] = (await once(far, 'data')) as [Buffer];
    expect(answer.toString('hex')).toBe('800300060000000400000007');
  });

  it('reads no more while a stream is full', async () => {
    const { client, far } = connected();
    const stream = client.open({});
    far.resume();
    let sent = 0;
    while (far.write(data(1, 'y'.repeat(32 * 1024)))) sent++;
    for (let more = 0; more < 100; more++) far.write(data(1, 'z'.repeat(32 * 1024)));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(far.writableLength).toBeGreaterThan(64 * 32 * 1024);
    far.end();
    expect((await text(stream)).length).toBe((sent + 101) * 32 * 1024);
  });

  it('ends the connection when the other side speaks something else', async () => {
    const { client, far } = connected();
    far.resume();
    far.write(Buffer.from('8002000100000000', 'hex'));
    await client.closed;
  });
});
