import { FakeClock } from '@sampan/base';
import { describe, expect, it } from 'vitest';
import { EXPECTATIONS_TIMEOUT_MS, Expectations } from './expectations.ts';

function make() {
  const clock = new FakeClock();
  return { clock, expectations: new Expectations(clock) };
}

describe('what a controller expects to see', () => {
  it('is nothing at first', () => {
    expect(make().expectations.satisfied('a')).toBe(true);
  });

  it('is what it made, until it is seen', async () => {
    const { expectations } = make();
    const making = expectations.creation('a', async () => 'one');
    expect(expectations.satisfied('a')).toBe(false);
    await making;
    expect(expectations.satisfied('a')).toBe(false);
    expectations.createdSeen('a', 'another');
    expect(expectations.satisfied('a')).toBe(false);
    expectations.createdSeen('a', 'one');
    expect(expectations.satisfied('a')).toBe(true);
    expect(expectations.satisfied('b')).toBe(true);
  });

  it('may be seen before the answer comes', async () => {
    const { expectations } = make();
    await expectations.creation('a', async () => {
      expectations.createdSeen('a', 'one');
      return 'one';
    });
    expect(expectations.satisfied('a')).toBe(true);
  });

  it('may be gone again before it was seen', async () => {
    const { expectations } = make();
    await expectations.creation('a', async () => 'one');
    expectations.deletedSeen('a', 'one');
    expect(expectations.satisfied('a')).toBe(true);
  });

  it('is nothing when nothing was made', async () => {
    const { expectations } = make();
    await expectations.creation('a', async () => undefined);
    const failing = expectations.creation('a', () => Promise.reject(new Error('refused')));
    await expect(failing).rejects.toThrow('refused');
    expect(expectations.satisfied('a')).toBe(true);
  });

  it('is what it deleted, until that goes or was refused', () => {
    const { expectations } = make();
    expectations.expectDeletion('a', 'one');
    expectations.expectDeletion('a', 'two');
    expectations.deletedSeen('a', 'one');
    expect(expectations.satisfied('a')).toBe(false);
    expectations.deletedSeen('a', 'two');
    expect(expectations.satisfied('a')).toBe(true);
  });

  it('is given up in the end', async () => {
    const { clock, expectations } = make();
    await expectations.creation('a', async () => 'lost');
    clock.advance(EXPECTATIONS_TIMEOUT_MS - 1);
    expect(expectations.remainingMs('a')).toBe(1);
    clock.advance(1);
    expect(expectations.satisfied('a')).toBe(true);
  });
});
