import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Homes, sampan, statusOf } from './command-line.ts';
import { freePort, occupyPort } from './free-port.ts';

const homes = new Homes();
afterAll(() => homes.clean());

const up = async (home: string) => sampan(['up', '--home', home, '--port', String(await freePort())]);

describe('when something is wrong', () => {
  it('refuses a port that was asked for and is taken', async () => {
    const { server, port } = await occupyPort();
    const outcome = await sampan(['up', '--home', homes.at('taken'), '--port', String(port)]);
    server.close();
    expect(outcome).toMatchObject({ code: 1, stdout: '' });
    expect(outcome.stderr).toMatch(new RegExp(`^Error: The port ${port} is in use`));
    expect(outcome.stderr).toContain('--port');
  });

  it('replaces a remembered port that is taken, says so and remembers the new one', async () => {
    const home = homes.at('moved');
    const { server, port } = await occupyPort();
    mkdirSync(home);
    writeFileSync(join(home, 'settings.json'), JSON.stringify({ port }));
    const outcome = await sampan(['up', '--home', home]);
    server.close();
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toMatch(
      new RegExp(`^Port ${port} is taken by another program: using \\d+ from now on`),
    );
    const { endpoints } = await statusOf(home);
    await sampan(['down', '--home', home]);
    await sampan(['up', '--home', home]);
    expect((await statusOf(home)).endpoints).toEqual(endpoints);
  });

  it('refuses a second server on a home', async () => {
    const home = homes.at('locked');
    await up(home);
    const main = join(import.meta.dirname, '../../server/src/main.ts');
    const second = spawnSync(process.execPath, [main, `--home=${home}`, '--port=0'], { encoding: 'utf8' });
    expect(second.status).toBe(1);
    expect(second.stderr).toContain(`The home ${home} is in use by the process`);
    expect((await statusOf(home)).state).toBe('ready');
  });

  it('refuses a damaged database, leaves it as it is and says how to restore it', async () => {
    const home = homes.at('damaged');
    await up(home);
    await sampan(['down', '--home', home]);
    const file = join(home, 'clusters/host.db');
    const bytes = readFileSync(file);
    bytes.fill(0x5a, 4096, 4096 + 8192);
    writeFileSync(file, bytes);
    const outcome = await sampan(['up', '--home', home]);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/host\.db cannot be opened/);
    expect(outcome.stderr).toMatch(/[Rr]estore/);
    expect(readFileSync(file).equals(bytes)).toBe(true);
    expect(await sampan(['status', '--home', home])).toMatchObject({ code: 1 });
  });

  it('never makes a new authority when the key of the old one is lost', async () => {
    const home = homes.at('keyless');
    await up(home);
    await sampan(['down', '--home', home]);
    spawnSync('rm', [join(home, 'pki/ca.key')]);
    const outcome = await sampan(['up', '--home', home]);
    expect(outcome).toMatchObject({ code: 1 });
    expect(outcome.stderr).toContain('Restore both files from a backup');
  });

  it('answers 2 to a command line that it does not understand, and says what was meant', async () => {
    const outcome = await sampan(['stauts']);
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toBe('Error: There is no command "stauts".\nDid you mean: sampan status\n');
    expect(await sampan(['up', '--port', 'x'])).toMatchObject({ code: 2 });
    expect(await sampan(['up', '--listen', '203.0.113.7', '--home', homes.at('listen')])).toMatchObject({
      code: 1,
    });
  });

  it('uses no colours and no progress where there is no terminal', async () => {
    const home = homes.at('plain');
    const { stdout, stderr } = await up(home);
    expect(stdout + stderr).not.toContain('\u001b');
    expect(stderr).toBe('');
  });
});
