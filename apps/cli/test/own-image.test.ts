import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Homes, sampan } from './command-line.ts';
import { canRunContainers } from './containers.ts';
import { freePort } from './free-port.ts';

const ROOT = join(import.meta.dirname, '../../..');

function canBuild(): boolean {
  if (!canRunContainers()) return false;
  if (spawnSync('buildah', ['--version']).status === 0) return true;
  if (process.env.CI) throw new Error('in CI images are built: buildah is missing');
  console.log('images are not built here, for want of buildah');
  return false;
}

describe.runIf(canBuild())('an image of one’s own', { timeout: 240_000 }, () => {
  const homes = new Homes();
  const folder = mkdtempSync(join(tmpdir(), 'sampan-own-image-'));
  afterAll(async () => {
    await homes.clean();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is built, pushed and run by the commands of the README', async () => {
    chmodSync(homes.folder, 0o755);
    const home = homes.at('c');
    const options = { containers: true, environment: { HOME: folder }, cwd: folder };
    const works = async (...words: string[]): Promise<string> => {
      const outcome = await sampan([...words, '--home', home], options);
      expect(outcome, `${words.join(' ')}: ${outcome.stderr}`).toMatchObject({ code: 0 });
      return outcome.stdout;
    };
    const up = await works('up', '--port', String(await freePort()));
    const registry = /localhost:\d+/.exec(up)?.[0] ?? '';
    const named = (text: string) => text.replaceAll('localhost:5000', registry);
    cpSync(join(ROOT, 'examples/image'), join(folder, 'examples/image'), { recursive: true });
    const dockerfile = join(folder, 'examples/image/Dockerfile');
    writeFileSync(dockerfile, named(readFileSync(dockerfile, 'utf8')));

    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    const block = readme.split('```').find((text) => text.includes('docker push')) ?? '';
    const commands = block.trim().split('\n').slice(1);
    expect(commands).toHaveLength(4);
    let said = '';
    for (const line of commands) {
      const [program, ...words] = named(line.split('#')[0] ?? '')
        .trim()
        .split(/\s+/);
      if (program === 'docker') build(folder, words);
      else said = await works(...words);
    }
    const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(said)?.[0] ?? said;
    expect(await (await fetch(url)).text()).toContain('This page is mine.');

    // builders go by the histories of all images below
    const upon = join(folder, 'upon');
    mkdirSync(upon);
    writeFileSync(join(upon, 'more.html'), 'More of it.');
    writeFileSync(
      join(upon, 'Dockerfile'),
      `FROM ${registry}/library/mine\nCOPY more.html /www/\nRUN true\n`,
    );
    build(folder, ['build', '-t', `${registry}/library/upon`, upon]);
    build(folder, ['push', `${registry}/library/upon`]);
    const ran = await works('run', `${registry}/library/upon`, '--port', '8080');
    const uponUrl = /http:\/\/127\.0\.0\.1:\d+\//.exec(ran)?.[0] ?? ran;
    expect(await (await fetch(`${uponUrl}more.html`)).text()).toBe('More of it.');
  });
});

/** As the README says of it, in a storage of its own. */
function build(folder: string, [command = '', ...words]: readonly string[]): void {
  const storage = [
    '--root',
    join(folder, 'root'),
    '--runroot',
    join(folder, 'run'),
    '--storage-driver',
    'vfs',
  ];
  execFileSync('buildah', [...storage, command, ...words], {
    cwd: folder,
    env: { ...process.env, HOME: folder, BUILDAH_ISOLATION: 'chroot' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
