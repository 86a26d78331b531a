import { FakeClock } from '@sampan/base';
import { expect, it } from 'vitest';
import { StatusTeller } from './status-teller.ts';

it('tells each status once, and a mere generation only when nothing else comes with it', () => {
  const clock = new FakeClock();
  const told: (string | number | undefined)[] = [];
  const teller = new StatusTeller(clock, ({ status: { phase, observedGeneration } }) =>
    told.push(phase, observedGeneration),
  );
  const say = (phase: string, observedGeneration: number) =>
    teller.publish({ status: { phase, observedGeneration }, ended: false, deleted: false });
  const news = () => told.splice(0);
  say('Pending', 1);
  say('Pending', 1);
  expect(news()).toEqual(['Pending', 1]);
  say('Pending', 2);
  clock.advance(100);
  say('Running', 2);
  expect(news()).toEqual(['Running', 2]);
  clock.advance(1000);
  expect(news()).toEqual([]);
  say('Running', 3);
  say('Running', 4);
  clock.advance(1000);
  expect(news()).toEqual(['Running', 4]);
  say('Running', 5);
  teller.close();
  clock.advance(1000);
  expect(news()).toEqual([]);
});
