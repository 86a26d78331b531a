import { FakeClock } from '@sampan/base';
import { describe, expect, it } from 'vitest';
import { SimilarEvents } from './similar-events.ts';
import { podOf } from './testing.ts';

function make() {
  const notes: string[] = [];
  const clock = new FakeClock();
  const events = new SimilarEvents({ record: (_, { note }) => notes.push(note), stop: () => {} }, clock);
  const tell = (note: string, name = 'a', reason = 'Made') =>
    events.record(podOf(name), { type: 'Normal', reason, note });
  return { notes, clock, tell };
}

describe('events that differ only in their note', () => {
  it('are told one by one up to ten, and all others as one', () => {
    const { notes, tell } = make();
    for (let i = 0; i < 13; i++) tell(`made ${i}`);
    tell('made 3');
    expect(notes.slice(9)).toEqual([
      'made 9',
      '(combined from similar events): made 10',
      '(combined from similar events): made 10',
      '(combined from similar events): made 10',
      'made 3',
    ]);
  });

  it('are counted for each object and reason, and anew after ten quiet minutes', () => {
    const { notes, clock, tell } = make();
    for (let i = 0; i < 11; i++) tell(`made ${i}`);
    tell('other', 'b');
    tell('other', 'a', 'Lost');
    clock.advance(10 * 60_000);
    tell('made 99');
    expect(notes.slice(11)).toEqual(['other', 'other', 'made 99']);
  });
});
