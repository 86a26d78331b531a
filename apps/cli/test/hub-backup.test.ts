import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImage } from '@sampan/kubelet';
import { afterAll, expect, test } from 'vitest';
import { Homes, sampan } from './command-line.ts';
import { freePort } from './free-port.ts';

const homes = new Homes();
// the server's user copies databases by their whole paths
chmodSync(homes.folder, 0o711);
const folder = mkdtempSync(join(tmpdir(), 'sampan-hub-backup-'));
afterAll(async () => {
  await homes.clean();
  rmSync(folder, { recursive: true });
});

async function works(home: string, ...args: string[]): Promise<string> {
  const outcome = await sampan([...args, '--home', home], { hub: true });
  expect(outcome, `${args.join(' ')}: ${outcome.stderr}`).toMatchObject({ code: 0 });
  return outcome.stdout;
}

/** An archive of an image that holds `content`. */
function archive(content: string): string {
  const file = join(folder, `${content}.tar`);
  const files = [{ path: 'said', content: Buffer.from(content) }];
  writeFileSync(file, buildImage({ name: `test/${content}:1`, files }));
  return file;
}

const digestIn = (text: string): string => /sha256:[0-9a-f]{64}/.exec(text)?.[0] ?? text;

test('a backup has what the registry holds, and is restored with it', async () => {
  const [home, other] = [homes.at('home'), homes.at('other')];
  await works(home, 'up', '--port', String(await freePort()));
  const pushed = digestIn(await works(home, 'hub', 'push', archive('kept'), 'library/kept:1'));
  const file = join(folder, 'backup.tar.gz');
  await works(home, 'backup', file);
  expect(readdirSync(join(home, 'backups'))).toEqual([]);
  await works(home, 'hub', 'push', archive('later'), 'library/later:1');
  await works(home, 'down');

  await works(other, 'restore', file);
  await works(other, 'up', '--port', String(await freePort()));
  expect(await works(other, 'hub', 'fsck')).toContain('Nothing is wrong');
  const pulled = await works(other, 'hub', 'pull', 'library/kept:1', join(folder, 'pulled'));
  expect(digestIn(pulled)).toBe(pushed);
  const missing = await sampan(['hub', 'pull', 'library/later:1', join(folder, 'none'), '--home', other]);
  expect(missing.code).toBe(1);
});
