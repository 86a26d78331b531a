import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { CopyProgress, drawCopy } from '../src/hub/copy-progress.ts';

const BLOB = { mediaType: 'x', digest: `sha256:${'ab'.repeat(32)}`, size: 2_000_000 };

describe('the picture of a copy', () => {
  it('has a bar for each blob on its way, and fits the terminal', () => {
    const moving = [{ digest: BLOB.digest, size: BLOB.size, moved: 500_000 }];
    const state = { total: 3, done: 2, there: 1, moving };
    expect(drawCopy(state, 80)).toEqual([
      '  abababababab [======                  ] 500 kB of 2.0 MB',
      '2 of 3 blobs, 1 of them there already',
    ]);
    for (const line of drawCopy(state, 20)) expect(line.length).toBeLessThan(20);
    const empty = [{ digest: BLOB.digest, size: 0, moved: 0 }];
    expect(drawCopy({ total: 1, done: 0, there: 0, moving: empty }, 80)[0]).toContain(`[${'='.repeat(24)}]`);
  });

  it('is drawn to a terminal, and gone at the end', async () => {
    const out = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
    let drawn = '';
    out.on('data', (bytes: Buffer) => {
      drawn += bytes.toString();
    });
    const progress = new CopyProgress(out as unknown as NodeJS.WriteStream);
    progress.onPlan([BLOB]);
    progress.onMoved(BLOB, 1_000_000);
    await sleep(250);
    progress.close();
    await sleep(10);
    expect(drawn).toContain('1.0 MB of 2.0 MB');
    expect(drawn.endsWith('\u001b[2F\u001b[J')).toBe(true);
  });

  it('is not drawn to anything else', async () => {
    const out = new PassThrough();
    const progress = new CopyProgress(out as unknown as NodeJS.WriteStream);
    progress.onPlan([BLOB]);
    await sleep(150);
    progress.close();
    expect(out.read()).toBeNull();
  });
});
