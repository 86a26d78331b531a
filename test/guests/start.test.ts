import { mkdirSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GuestHome } from './support.ts';

describe('when the process that holds clusters cannot start', () => {
  const home = new GuestHome();
  beforeAll(async () => {
    await home.start();
    // not empty: nothing removes it in passing
    mkdirSync(`${home.layout.guestsSocket}/taken`, { recursive: true });
  });
  afterAll(() => home.end());

  it('clusters say why, and are made once it can', async () => {
    await home.create('dev');
    const { status } = await home.until('dev', (cluster) => cluster.status?.phase === 'Failed');
    expect(status?.conditions?.[0]).toMatchObject({ type: 'Ready', status: 'False' });
    expect(status?.conditions?.[0]?.message).toContain('guests.sock');
    rmSync(home.layout.guestsSocket, { recursive: true });
    await home.running('dev');
  });
});
