import { describe, expect, it } from 'vitest';
import { criTable } from '../generated/cri.ts';
import { decodeMessage, MessageError } from './decode-message.ts';
import { encodeMessage } from './encode-message.ts';
import type { MessageTable } from './message-table.ts';

const TABLE: MessageTable = {
  All: {
    text: [1, 'string'],
    bytes: [2, 'bytes'],
    flag: [3, 'bool'],
    int: [4, 'int'],
    double: [5, 'double'],
    inner: [16, 'Inner'],
    texts: [17, 'string[]'],
    ints: [18, 'int[]'],
    inners: [19, 'Inner[]'],
    labels: [20, 'string{}'],
    byName: [21, 'Inner{}'],
  },
  Inner: { name: [1, 'string'] },
  Newer: { text: [1, 'string'], more: [99, 'Inner'], number: [98, 'int'], double: [97, 'double'] },
};

const roundTrip = (message: object) => decodeMessage(TABLE, 'All', encodeMessage(TABLE, 'All', message));

describe('protobuf messages by a field table', () => {
  it('read back what they wrote', () => {
    const message = {
      text: 'häuser',
      bytes: Buffer.from([0, 255]),
      flag: true,
      int: 42,
      double: -1.5,
      inner: { name: 'x' },
      texts: ['', 'a'],
      ints: [0, 300, -1],
      inners: [{}, { name: 'y' }],
      labels: { a: 'b', '': '' },
      byName: { one: { name: 'z' } },
    };
    expect(roundTrip(message)).toEqual(message);
  });

  it.each([1, 127, 128, 2 ** 28, 2 ** 31 - 1, 2 ** 31, 2 ** 53 - 1, -1, -(2 ** 40)])(
    'keep the integer %d',
    (int) => {
      expect(roundTrip({ int })).toEqual({ int });
    },
  );

  it('leave zero values out, as proto3 does', () => {
    expect(
      encodeMessage(TABLE, 'All', { text: '', int: 0, flag: false, texts: [], labels: {} }),
    ).toHaveLength(0);
  });

  it('take keys like __proto__ as plain keys', () => {
    const read = roundTrip({ labels: Object.fromEntries([['__proto__', 'x']]) });
    expect(Object.entries(read.labels as object)).toEqual([['__proto__', 'x']]);
    expect(Object.getPrototypeOf(read.labels)).toBe(Object.prototype);
  });

  it('skip fields that they do not know', () => {
    const bytes = encodeMessage(TABLE, 'Newer', { text: 'x', more: { name: 'y' }, number: 7, double: 1 });
    expect(decodeMessage(TABLE, 'All', bytes)).toEqual({ text: 'x' });
  });

  it('take packed integers, which other writers send', () => {
    const packed = Buffer.from([0x92, 0x01, 3, 1, 0xac, 0x02]);
    expect(decodeMessage(TABLE, 'All', packed)).toEqual({ ints: [1, 300] });
  });

  it('refuse bytes that end too early, whatever is missing', () => {
    const whole = encodeMessage(TABLE, 'All', {
      text: 'long enough',
      inner: { name: 'inner' },
      labels: { a: 'b' },
    });
    for (let length = 1; length < whole.length; length++) {
      const read = () => decodeMessage(TABLE, 'All', whole.subarray(0, length));
      try {
        read();
      } catch (error) {
        expect(error).toBeInstanceOf(MessageError);
      }
    }
    expect(() => decodeMessage(TABLE, 'All', whole.subarray(0, 5))).toThrow(MessageError);
  });

  it('never fail otherwise on random bytes', () => {
    let seed = 1;
    const random = () => {
      seed = (seed * 48271) % 0x7fffffff;
      return seed;
    };
    for (let round = 0; round < 5000; round++) {
      const bytes = Buffer.from(Array.from({ length: random() % 40 }, () => random() & 255));
      try {
        decodeMessage(criTable, 'ContainerConfig', bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(MessageError);
      }
    }
  });

  it('refuse to write a field that the table lacks', () => {
    expect(() => encodeMessage(TABLE, 'All', { nothing: 1 })).toThrow('All has no field nothing');
  });
});
