import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { REFS } from '@sampan/machinery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anew, codeOf, configMap, GuestHome, written } from './support.ts';

/** What holds guests is ended, or the server with it. */
const VICTIMS = ['guests', 'server'] as const;
/** After what was asked, milliseconds: before, while or after it is done. */
const MOMENTS = { guests: [0, 8, 40], server: [4, 40] };

describe('after SIGKILL', () => {
  const home = new GuestHome();
  beforeAll(() => home.start());
  afterAll(() => home.end());

  const crash = async (victim: (typeof VICTIMS)[number], afterMs: number) => {
    await sleep(afterMs);
    if (victim === 'guests') {
      home.killGuests();
      return;
    }
    await home.kill();
    await home.start();
  };
  const ready = async (name: string) => {
    await home.create(name);
    await home.running(name);
    await home.guest(name).create(REFS.configMaps, configMap('kept'));
  };
  const asleep = async (name: string) => {
    await ready(name);
    await home.ask(name, { sleepRequestedAt: anew() });
    await home.until(name, ({ status }) => status?.phase === 'Sleeping');
  };
  const kept = async (name: string) => {
    await expect.poll(() => codeOf(written(home.guest(name))), { timeout: 60_000 }).toBe('done');
    expect(await written(home.guest(name))).toEqual(['kept']);
  };
  const handled = (name: string, action: string, at: string) =>
    home.until(name, ({ status }) => status?.handled?.[action as 'backup'] === at);

  for (const victim of VICTIMS) {
    describe(`of the ${victim} process`, () => {
      beforeAll(() => ready(`bystander-${victim}`));

      it('during creation the cluster is made whole', async () => {
        for (const ms of MOMENTS[victim]) {
          const name = `made-${victim}-${ms}`;
          await home.create(name);
          await crash(victim, ms);
          await home.running(name);
          await home.guest(name).create(REFS.configMaps, configMap('kept'));
          await kept(name);
        }
      });

      it('during a clone the copy is whole, and so is what it was made of', async () => {
        await ready(`original-${victim}`);
        for (const ms of MOMENTS[victim]) {
          const name = `clone-${victim}-${ms}`;
          await home.create(name, { from: { cluster: `original-${victim}` } });
          await crash(victim, ms);
          await home.running(name);
          await kept(name);
          await kept(`original-${victim}`);
        }
      });

      it('while it falls asleep or wakes nothing that was acknowledged is lost', async () => {
        const name = `sleeper-${victim}`;
        await ready(name);
        for (const ms of MOMENTS[victim]) {
          await home.ask(name, { sleepRequestedAt: anew() });
          await crash(victim, ms);
          await kept(name);
          await home.ask(name, { sleepRequestedAt: anew() });
          await home.until(name, ({ status }) => status?.phase === 'Sleeping');
          await home.ask(name, { wakeRequestedAt: anew() });
          await crash(victim, ms);
          await kept(name);
        }
      });

      it('during an upgrade the old file or the new one is served', async () => {
        const name = `aged-${victim}`;
        await asleep(name);
        const record = join(home.layout.clusters, name, 'record.json');
        for (const ms of MOMENTS[victim]) {
          const present = JSON.parse(readFileSync(record, 'utf8')) as object;
          writeFileSync(record, JSON.stringify({ ...present, release: `v0.${ms}` }));
          const requestedAt = anew();
          await home.ask(name, { upgrade: { requestedAt } });
          await crash(victim, ms);
          await handled(name, 'upgrade', requestedAt);
          await kept(name);
          const sleepRequestedAt = anew();
          await home.ask(name, { sleepRequestedAt });
          await handled(name, 'sleep', sleepRequestedAt);
        }
        const databases = readdirSync(join(home.layout.clusters, name)).filter((file) =>
          file.endsWith('.db'),
        );
        expect(databases.length).toBeLessThanOrEqual(2);
      });

      it('during a backup there is a whole one or none, and it is made in the end', async () => {
        const name = `backed-${victim}`;
        await ready(name);
        for (const ms of MOMENTS[victim]) {
          const requestedAt = anew();
          await home.ask(name, { backup: { requestedAt } });
          await crash(victim, ms);
          const { status } = await handled(name, 'backup', requestedAt);
          expect(status?.conditions?.find(({ type }) => type === 'BackedUp')).toMatchObject({
            status: 'True',
          });
        }
        const backups = readdirSync(join(home.layout.backups, name));
        expect(backups.filter((file) => !file.endsWith('.tar'))).toEqual([]);
        for (const [index, file] of backups.entries()) {
          const copy = `from-${victim}-${index}`;
          await home.create(copy, { from: { backup: `${name}/${file}` } });
          await home.running(copy);
          await kept(copy);
        }
      });

      it('during deletion the cluster is gone in the end, with all its files', async () => {
        for (const ms of MOMENTS[victim]) {
          const name = `gone-${victim}-${ms}`;
          await ready(name);
          await home.remove(name);
          await crash(victim, ms);
          await home.untilGone(name);
          expect(home.folders()).not.toContain(name);
        }
        await expect
          .poll(() => home.folders().filter((name) => name.startsWith('.')), { timeout: 60_000 })
          .toEqual([]);
      });

      it('those to whom nothing was done have all they had', async () => {
        await kept(`bystander-${victim}`);
      });
    });
  }
});
