import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Homes, sampan, statusOf } from './command-line.ts';
import { freePort } from './free-port.ts';

const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;
const homes = new Homes();
afterAll(() => homes.clean());

const up = async (home: string, uid?: number) =>
  sampan(['up', '--home', home, '--port', String(await freePort())], uid === undefined ? {} : { uid });

function userOf(pid: number): number {
  return Number(/^Uid:\s+\d+\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)));
}

describe('privilege', () => {
  it('is given up by a server that root started, even in a home that only root can reach', async () => {
    const home = homes.at('deep/home');
    mkdirSync(join(home, '..'), { recursive: true });
    chmodSync(join(home, '..'), 0o700);
    expect(await up(home)).toMatchObject({ code: 0 });
    const [server] = (await statusOf(home)).processes;
    const uid = userOf(server?.pid ?? 0);
    if (isRoot) expect(uid).not.toBe(0);
    const owners = new Set(filesBelow(home).map((file) => statSync(file).uid));
    expect([...owners]).toEqual([uid]);
    await sampan(['kubectl', '--home', home, 'create', 'configmap', 'a']);
    expect(await sampan(['down', '--home', home])).toMatchObject({ code: 0 });
    // the second start meets files that the first one gave away
    expect(await sampan(['up', '--home', home])).toMatchObject({ code: 0 });
    const found = await sampan(['kubectl', '--home', home, 'get', 'configmap', 'a', '-o', 'name']);
    expect(found.stdout).toBe('configmap/a\n');
  });

  it('is not needed: any user may run a home', async () => {
    const home = homes.at('of-a-user');
    mkdirSync(home);
    if (isRoot) {
      chmodSync(homes.folder, 0o755);
      chownSync(home, NOBODY, NOBODY);
    }
    const uid = isRoot ? NOBODY : undefined;
    expect(await up(home, uid)).toMatchObject({ code: 0 });
    expect(userOf((await statusOf(home)).processes[0]?.pid ?? 0)).toBe(uid ?? process.getuid?.());
    const as = uid === undefined ? {} : { uid };
    expect(await sampan(['down', '--home', home], as)).toMatchObject({ code: 0 });
  });

  it('keeps keys from everyone else', async () => {
    const home = homes.at('keys');
    await up(home);
    for (const file of filesBelow(home)) {
      expect({ file, others: statSync(file).mode & 0o077 }).toEqual({ file, others: 0 });
    }
    // what root runs is shared with the group of the server's user, who cannot take root's folders away
    expect(statSync(home).mode & 0o7777).toBe(isRoot ? 0o1770 : 0o700);
    // to anyone but root this is another's home
    if (!isRoot) return;
    chmodSync(homes.folder, 0o755);
    const outcome = await sampan(['kubeconfig', '--home', home], { uid: NOBODY });
    expect(outcome).toMatchObject({ code: 1, stdout: '' });
    expect(outcome.stderr).toContain('may not be used by this user');
  });
});
