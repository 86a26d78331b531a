import { describe, expect, it } from 'vitest';
import { Normalizer } from './normalize.ts';

const UID = '0f0e3e3c-7a53-4d0f-9a43-0d0a3f6b8f01';
const plain = new Normalizer(new Map());

describe('Normalizer', () => {
  it('masks identities, times, versions and tokens', () => {
    const metadata = {
      uid: UID,
      resourceVersion: '12',
      creationTimestamp: '2026-01-02T03:04:05Z',
      continue: 'eyJ2',
      token: 'x'.repeat(200),
    };
    expect(plain.value({ metadata })).toEqual({
      metadata: {
        uid: '<uid>',
        resourceVersion: '<version>',
        creationTimestamp: '<time>',
        continue: '<continue>',
        token: '<token>',
      },
    });
  });

  it('shows what was captured by its name, also inside messages', () => {
    const knowing = new Normalizer(
      new Map([
        [UID, 'uid'],
        ['12', 'before'],
      ]),
    );
    expect(knowing.value({ resourceVersion: '12', message: `uid ${UID} differs` })).toEqual({
      resourceVersion: '%{before}',
      message: 'uid %{uid} differs',
    });
    expect(knowing.value({ resourceVersion: '13' })).toEqual({ resourceVersion: '<version>' });
  });

  it('leaves times that a corpus sent as they are', () => {
    expect(plain.value({ renewTime: '2020-01-01T00:00:00.000000Z' })).toEqual({
      renewTime: '2020-01-01T00:00:00.000000Z',
    });
  });

  it('masks only the random end of a generated name', () => {
    expect(plain.value({ generateName: 'a-', name: 'a-bcdfg' })).toEqual({
      generateName: 'a-',
      name: 'a-<random>',
    });
    expect(plain.value({ generateName: 'a-', name: 'a-mine' })).toEqual({
      generateName: 'a-',
      name: 'a-mine',
    });
  });

  it('keeps keys that every object has', () => {
    expect(JSON.stringify(plain.value(JSON.parse('{"__proto__":"x"}')))).toBe('{"__proto__":"x"}');
  });
});
