import { describe, expect, it } from 'vitest';
import { Lines } from './lines.ts';

describe('lines of a stream', () => {
  it('are whole however the chunks fall', () => {
    const text = 'one\n{"two":"ü"}\n\nthree\nend';
    for (let size = 1; size < 12; size++) {
      const lines: string[] = [];
      const reader = new Lines((line) => lines.push(line), 100);
      const bytes = Buffer.from(text);
      for (let i = 0; i < bytes.length; i += size) reader.push(bytes.subarray(i, i + size));
      reader.end();
      expect(lines).toEqual(['one', '{"two":"ü"}', 'three', 'end']);
    }
  });

  it('may not grow without bound', () => {
    const reader = new Lines(() => {}, 10);
    reader.push(Buffer.from('12345'));
    expect(() => reader.push(Buffer.from('678901'))).toThrow('longer than 10 bytes');
  });
});
