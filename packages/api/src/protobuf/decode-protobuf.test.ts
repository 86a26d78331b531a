import { describe, expect, it } from 'vitest';
import { schemaOf } from '../schema/schema-of.ts';
import { decodeProtobuf } from './decode-protobuf.ts';

const PREFIX = Buffer.from([0x6b, 0x38, 0x73, 0x00]);

function varint(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(bytes);
}

const int = (field: number, value: number | bigint) => Buffer.concat([varint(field * 8), varint(value)]);
const bytes = (field: number, ...parts: (Buffer | string)[]) => {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([varint(field * 8 + 2), varint(content.length), content]);
};

function body(apiVersion: string, kind: string, message: Buffer): Buffer {
  return Buffer.concat([PREFIX, bytes(1, bytes(1, apiVersion), bytes(2, kind)), bytes(2, message)]);
}

function decode(model: string, message: Buffer): Record<string, unknown> {
  return decodeProtobuf(body('', '', message), 'X', schemaOf(`io.k8s.api.${model}`));
}

describe('a protobuf body', () => {
  it('gives the JSON form of its object with the type that it names', () => {
    const message = Buffer.concat([
      bytes(1, bytes(1, 'one'), bytes(3, 'default'), bytes(11, bytes(1, 'app'), bytes(2, 'web'))),
      bytes(2, bytes(1, 'key'), bytes(2, 'value')),
      bytes(3, bytes(1, 'raw'), bytes(2, Buffer.from([0, 255]))),
      int(4, 1),
    ]);
    expect(
      decodeProtobuf(body('v1', 'ConfigMap', message), 'ConfigMap', schemaOf('io.k8s.api.core.v1.ConfigMap')),
    ).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'one', namespace: 'default', labels: { app: 'web' } },
      data: { key: 'value' },
      binaryData: { raw: 'AP8=' },
      immutable: true,
    });
  });

  it('reads quantities, times, integers or strings, embedded messages and negative numbers', () => {
    expect(
      decode('core.v1.ResourceRequirements', bytes(1, bytes(1, 'cpu'), bytes(2, bytes(1, '100m')))),
    ).toEqual({
      limits: { cpu: '100m' },
    });
    expect(
      decode('core.v1.ServicePort', Buffer.concat([int(3, 80), bytes(4, int(1, 1), bytes(3, 'http'))])),
    ).toEqual({
      port: 80,
      targetPort: 'http',
    });
    expect(decode('core.v1.ServicePort', bytes(4, int(1, 0), int(2, 8080)))).toEqual({ targetPort: 8080 });
    expect(
      decode('core.v1.Volume', Buffer.concat([bytes(1, 'v'), bytes(2, bytes(19, bytes(1, bytes(1, 'c'))))])),
    ).toEqual({
      name: 'v',
      configMap: { name: 'c' },
    });
    expect(decode('scheduling.v1.PriorityClass', int(2, -5))).toEqual({ value: -5 });
    const seconds = Date.parse('2026-01-02T03:04:05Z') / 1000;
    const micro = bytes(4, int(1, seconds), int(2, 6000));
    expect(decode('coordination.v1.LeaseSpec', micro)).toEqual({ renewTime: '2026-01-02T03:04:05.000006Z' });
    expect(decode('core.v1.ObjectReference', int(99, 1))).toEqual({});
  });

  it('keeps lists and keys of any name', () => {
    const containers = Buffer.concat([bytes(2, bytes(1, 'a')), bytes(2, bytes(1, 'b'))]);
    expect(decode('core.v1.PodSpec', containers)).toEqual({ containers: [{ name: 'a' }, { name: 'b' }] });
    const odd = decode('core.v1.ConfigMap', bytes(2, bytes(1, '__proto__'), bytes(2, 'x')));
    expect(Object.keys(odd.data as object)).toEqual(['__proto__']);
    expect({}).not.toHaveProperty('x');
  });

  it.each([
    ['without the prefix', Buffer.from('{}'), 'does not appear to be a protobuf message'],
    ['cut in the middle', body('v1', 'ConfigMap', bytes(2, bytes(1, 'k'))).subarray(0, -2), 'unexpected EOF'],
    ['with a length beyond its end', Buffer.concat([PREFIX, varint(18), varint(1 << 30)]), 'unexpected EOF'],
    ['with a number without end', Buffer.concat([PREFIX, Buffer.alloc(12, 0xff)]), 'integer overflow'],
    ['with a number where a message belongs', body('', '', int(1, 7)), 'wrong wireType'],
    ['with a group, which nobody sends', Buffer.concat([PREFIX, varint(11)]), 'illegal wireType'],
  ])('%s is refused with BadRequest', (_what, sent, reason) => {
    const refused = () => decodeProtobuf(sent, 'ConfigMap', schemaOf('io.k8s.api.core.v1.ConfigMap'));
    expect(refused).toThrow(expect.objectContaining({ code: 400, message: expect.stringContaining(reason) }));
  });

  it('of random bytes is read or refused, never more', () => {
    let state = 12345;
    const random = () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return state >>> 16;
    };
    for (let round = 0; round < 3000; round++) {
      const noise = Buffer.from(Array.from({ length: random() % 60 }, () => random() & 0xff));
      try {
        decodeProtobuf(body('v1', 'Pod', noise), 'Pod', schemaOf('io.k8s.api.core.v1.Pod'));
      } catch (error) {
        expect((error as { code?: number }).code).toBe(400);
      }
    }
  });
});
