import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { completions, Homes, type Outcome, type RunOptions, sampan } from './command-line.ts';
import { freePort } from './free-port.ts';

const homes = new Homes();
const home = homes.at('h');
const on = (words: string, options: RunOptions = {}): Promise<Outcome> =>
  sampan([...words.split(' '), '--home', home], options);
/** Options of this program go before those of kubectl. */
const kubectl = (cluster: string, words: string): Promise<Outcome> =>
  sampan(['kubectl', '--home', home, '--cluster', cluster, ...words.split(' ')]);

async function works(words: string): Promise<string> {
  const outcome = await on(words);
  expect(outcome, words).toMatchObject({ code: 0 });
  return outcome.stdout;
}

interface Listed {
  readonly metadata: { readonly name: string; readonly labels?: object };
  readonly spec: { readonly [field: string]: unknown };
  readonly status: { readonly phase: string };
}

async function cluster(name: string): Promise<Listed> {
  return JSON.parse(await works(`cluster describe ${name} -o json`)) as Listed;
}
const names = async (): Promise<string> => await works('cluster list -o name');

beforeAll(async () => {
  // the process that holds clusters is not root's
  chmodSync(homes.folder, 0o755);
  await works(`up --port ${await freePort()}`);
});
afterAll(() => homes.clean());

describe('clusters', () => {
  it('are made with one command, and kubectl works on them at once', async () => {
    const made = await on('cluster create dev');
    expect(made).toMatchObject({ code: 0, stdout: 'cluster/dev created\n' });
    expect(made.stderr).toContain(`sampan kubectl --home ${home} --cluster dev get all -A`);
    expect(await kubectl('dev', 'create configmap mine')).toMatchObject({ code: 0 });
    expect((await kubectl('host', 'get configmap mine')).code).toBe(1);
    expect(await works('cluster list')).toMatch(/^NAME +PHASE +OBJECTS .*\ndev +Running +\d+ /);
    expect(await works('cluster list -o wide')).toContain('/clusters/dev');
    expect(await names()).toBe('cluster/dev\n');
    expect((await on('ps --cluster dev')).stderr).toContain('sampan run --cluster dev nginx');
  });

  it('are as options say, and only shown by a dry run', async () => {
    const words =
      'cluster create box --sandboxed --idle 5m --quota pods=3,cpu=2 --quota bytes=1Mi --label a=b';
    const shown = await works(`${words} --description x --dry-run`);
    expect(parse(shown)).toMatchObject({
      kind: 'Cluster',
      metadata: { name: 'box', labels: { a: 'b' } },
      spec: {
        description: 'x',
        trust: 'sandboxed',
        idleSeconds: 300,
        quota: { pods: 3, cpu: '2', bytes: 1_048_576 },
      },
    });
    expect(await names()).toBe('cluster/dev\n');
    await works(words);
    expect((await cluster('box')).spec).toMatchObject({ trust: 'sandboxed', idleSeconds: 300 });
    expect(await works('cluster list -l a=b -o name')).toBe('cluster/box\n');
    expect(await works('cluster usage box')).toMatch(
      /^NAME .*\nbox +Running +\d+ +\d+ kB of 1\.0 MB +0 kB +0\.00 of 2 +pods=3\n$/,
    );
    expect(await works('cluster delete box --confirm=box --now')).toBe('cluster/box deleted\n');
  });

  it('are refused when they cannot be, with what to do', async () => {
    for (const [words, code, said] of [
      ['cluster create Dev', 2, 'lower case letters'],
      ['cluster create host', 2, 'Sampan itself'],
      ['cluster create dev', 1, 'exists already'],
      ['cluster create a --quota cows=1', 2, 'Known: objects'],
      ['cluster create a --idle soon', 2, '--idle 15m'],
      ['cluster create a --from /no/such/file', 1, 'no backup'],
      ['cluster create a --clone dex', 1, 'Did you mean: dev'],
      ['cluster describe dex', 1, 'Did you mean: dev'],
      ['ps --cluster dex', 1, 'Did you mean: dev'],
      ['cluster delete dev', 2, '--confirm=dev'],
      ['cluster delete dev --confirm=box', 2, '--confirm=dev'],
      ['cluster creat dev', 2, 'Did you mean: sampan cluster create'],
    ] as const) {
      const outcome = await on(words);
      expect({ words, ...outcome }).toMatchObject({ words, code, stdout: '' });
      expect(outcome.stderr).toContain(said);
    }
    expect(await names()).toBe('cluster/dev\n');
  });

  it('sleep, wake, pause and go on', async () => {
    expect(await works('cluster sleep dev')).toBe('cluster/dev asleep\n');
    expect((await cluster('dev')).status.phase).toBe('Sleeping');
    expect(await works('cluster wake dev')).toBe('cluster/dev awake\n');
    expect((await cluster('dev')).status.phase).toBe('Running');
    expect(parse(await works('cluster pause dev --dry-run'))).toMatchObject({ spec: { paused: true } });
    expect((await cluster('dev')).spec.paused).not.toBe(true);
    await works('cluster pause dev');
    expect((await kubectl('dev', 'get configmaps')).stderr).toContain('ServiceUnavailable');
    await works('cluster resume dev');
    expect(await kubectl('dev', 'get configmap mine')).toMatchObject({ code: 0 });
  });

  it('are backed up, made of backups and of others, and put back', async () => {
    const file = join(homes.folder, 'dev.tar');
    expect(await works(`cluster backup dev ${file}`)).toContain(`${file}, `);
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(await on(`cluster backup dev ${file}`)).toMatchObject({ code: 2 });
    await works(`cluster create copy --from ${file}`);
    await works('cluster clone dev twin');
    for (const name of ['copy', 'twin'])
      expect(await kubectl(name, 'get configmap mine'), name).toMatchObject({ code: 0 });
    await kubectl('dev', 'create configmap later');
    expect(await on(`cluster restore dev ${file}`)).toMatchObject({ code: 2 });
    await works(`cluster restore dev ${file} --confirm=dev`);
    expect((await kubectl('dev', 'get configmap later')).code).toBe(1);
    await works('cluster upgrade dev --rollback');
    expect(await kubectl('dev', 'get configmap later')).toMatchObject({ code: 0 });
    expect(await works('cluster upgrade --all')).toBe(
      'cluster/copy upgraded\ncluster/dev upgraded\ncluster/twin upgraded\n',
    );
    truncateSync(file, 5000);
    const bad = await on(`cluster create bad --from ${file}`);
    expect(bad).toMatchObject({ code: 1, stdout: '' });
    expect(bad.stderr).toContain('it is cut off');
    expect(await names()).toBe('cluster/copy\ncluster/dev\ncluster/twin\n');
    // copies that were only made to be read
    expect(readdirSync(join(home, 'backups')).filter((name) => name.startsWith('imported'))).toEqual([]);
  });

  it('go into the trash, and come back', async () => {
    const deleted = await on('cluster delete twin --confirm=twin --keep 1h');
    expect(deleted).toMatchObject({ code: 0, stdout: 'cluster/twin in the trash\n' });
    expect(deleted.stderr).toContain('sampan cluster undelete twin');
    expect((await kubectl('twin', 'get configmap mine')).code).toBe(1);
    await works('cluster undelete twin');
    expect(await kubectl('twin', 'get configmap mine')).toMatchObject({ code: 0 });
    await works('cluster delete twin --confirm=twin --now');
    expect(existsSync(join(home, 'clusters', 'twin'))).toBe(false);
  });
});

describe('completion for the shell', () => {
  const complete = (...words: string[]) => completions(home, words);

  it('knows the names of clusters', async () => {
    expect(await complete('cluster', 'describe', 'de')).toEqual(['dev']);
    expect(await complete('ps', '--cluster', '')).toContain('dev');
    expect(await complete('cluster', 'wake', '--w')).toEqual(['--wait']);
    expect(await complete('cluster', 'describe', '')).toContain('--output');
  });
});

describe('kubeconfigs of clusters', () => {
  const folder = mkdtempSync(join(homes.folder, 'kube-'));
  const file = join(folder, 'config');
  const own = `# mine
apiVersion: v1
kind: Config
clusters:
- name: work # the big one
  cluster: {server: "https://work.invalid", extra: kept}
contexts:
- name: work
  context: {cluster: work, user: me}
current-context: work
`;
  const merge = (words: string): Promise<Outcome> =>
    on(`kubeconfig --merge ${words}`, { environment: { KUBECONFIG: file } });
  const asked = (words: string) =>
    spawnSync('kubectl', words.split(' '), { encoding: 'utf8', env: { ...process.env, KUBECONFIG: file } });

  it('are put into the user’s own, where nothing is lost', async () => {
    writeFileSync(file, own, { mode: 0o640 });
    expect(await merge('--cluster dev')).toMatchObject({ code: 0 });
    const text = readFileSync(file, 'utf8');
    for (const line of ['# mine', 'name: work # the big one', 'extra: kept']) expect(text).toContain(line);
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(asked('get configmap mine -o name').stdout).toBe('configmap/mine\n');
    const [backup = ''] = readdirSync(folder).filter((name) => name.endsWith('.bak'));
    expect(readFileSync(join(folder, backup), 'utf8')).toBe(own);
    // again, and another one beside it
    await merge('--cluster dev');
    await merge('--cluster copy --no-switch');
    expect(asked('config get-contexts -o name').stdout).toBe('sampan-copy\nsampan-dev\nwork\n');
    expect(asked('config current-context').stdout).toBe('sampan-dev\n');
  });

  it('are not put over what is another’s, nor into what is none', async () => {
    const before = readFileSync(file, 'utf8');
    expect((await merge('--cluster dev --context work')).stderr).toContain('another cluster called work');
    writeFileSync(`${file}.lock`, '');
    expect((await merge('--cluster dev')).stderr).toContain('is being changed by another program');
    expect(readFileSync(file, 'utf8')).toBe(before);
    const bad = join(folder, 'bad');
    for (const text of ['clusters: {', '- a list', 'clusters: text']) {
      writeFileSync(bad, text);
      const outcome = await on('kubeconfig --merge', { environment: { KUBECONFIG: bad } });
      expect({ text, ...outcome }).toMatchObject({ text, code: 1 });
      expect(outcome.stderr).toContain('is no kubeconfig');
      expect(readFileSync(bad, 'utf8')).toBe(text);
    }
  });

  it('are of one cluster, for whom they say, and for as long', async () => {
    const limited = join(folder, 'limited');
    writeFileSync(limited, await works('kubeconfig --cluster dev --user ann --group crew --expires 1h'));
    const who = spawnSync('kubectl', ['--kubeconfig', limited, 'auth', 'whoami', '-o', 'json'], {
      encoding: 'utf8',
    });
    expect(JSON.parse(who.stdout)).toMatchObject({
      status: { userInfo: { username: 'ann', groups: ['crew', 'system:authenticated'] } },
    });
    const listed = spawnSync('kubectl', ['--kubeconfig', limited, 'get', 'configmaps'], { encoding: 'utf8' });
    expect(listed.stderr).toContain('User "ann" cannot list resource "configmaps"');
    const elsewhere = readFileSync(limited, 'utf8').replace('/clusters/dev', '/clusters/copy');
    writeFileSync(limited, elsewhere);
    const other = spawnSync('kubectl', ['--kubeconfig', limited, 'auth', 'whoami'], { encoding: 'utf8' });
    expect(other.stdout).not.toContain('ann');
    expect(other.status).not.toBe(0);
    expect(await on('kubeconfig --group crew')).toMatchObject({ code: 2 });
    expect(await works('user create bob --cluster dev')).toContain('/clusters/dev');
  });

  it('of one user end when they are revoked, and new ones hold', async () => {
    const made = async (): Promise<string> => {
      const path = join(folder, `eve-${Date.now()}`);
      writeFileSync(path, await works('kubeconfig --cluster dev --user eve'));
      return path;
    };
    const whoami = (path: string) =>
      spawnSync('kubectl', ['--kubeconfig', path, 'auth', 'whoami'], { encoding: 'utf8' });
    const before = await made();
    expect(whoami(before).stdout).toContain('eve');
    expect(await works('user revoke eve --cluster dev')).toBe('user/eve revoked in dev\n');
    expect(whoami(before).stderr).toContain('Unauthorized');
    const after = await made();
    expect(whoami(after).stdout).toContain('eve');
    expect(asked('get configmap mine').status).toBe(0);
    // nobody brings back what was revoked by taking the entry away
    expect(
      await kubectl('host', 'patch cluster dev --type=merge -p {"spec":{"revoked":null}}'),
    ).toMatchObject({
      code: 0,
    });
    await works('cluster sleep dev');
    expect(whoami(before).stderr).toContain('Unauthorized');
    expect(whoami(after).stdout).toContain('eve');
  });

  it('of before are not believed after the keys were changed', async () => {
    expect(asked('get configmap mine').status).toBe(0);
    await works('cluster rotate dev');
    expect(asked('get configmap mine').status).toBe(0);
    await works('cluster rotate dev --finish');
    expect(asked('get configmap mine').status).not.toBe(0);
    expect(await kubectl('dev', 'get configmap mine')).toMatchObject({ code: 0 });
  });

  it('by token are for machines that join', async () => {
    const { token, kubeconfig } = JSON.parse(await works('cluster token dev --expires 1h -o json')) as {
      readonly token: string;
      readonly kubeconfig: object;
    };
    expect(token).toMatch(/^[a-z0-9]{6}\.[a-z0-9]{16}$/);
    const joining = join(folder, 'joining');
    writeFileSync(joining, JSON.stringify(kubeconfig));
    const who = spawnSync('kubectl', ['--kubeconfig', joining, 'auth', 'whoami', '-o', 'json'], {
      encoding: 'utf8',
    });
    expect(JSON.parse(who.stdout)).toMatchObject({
      status: { userInfo: { username: `system:bootstrap:${token.slice(0, 6)}` } },
    });
    expect(await works('cluster token dev')).toContain('kubelet --config=');
  });
});

describe('a whole home', () => {
  it('is backed up while it serves, and made of the backup', async () => {
    const file = join(homes.folder, 'all.tar.gz');
    await kubectl('host', 'create configmap ours');
    expect(await works(`backup ${file}`)).toContain('the host cluster and 2 others');
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(await on(`backup ${file}`)).toMatchObject({ code: 1 });
    expect(await on(`restore ${file}`)).toMatchObject({ code: 1 });
    const other = homes.at('other');
    const there = (...words: string[]) => sampan([...words, '--home', other]);
    const cut = join(homes.folder, 'cut.tar.gz');
    writeFileSync(cut, readFileSync(file).subarray(0, 20_000));
    expect(await there('restore', cut)).toMatchObject({ code: 1, stdout: '' });
    expect(existsSync(other)).toBe(false);
    expect(await there('restore', file)).toMatchObject({ code: 0 });
    expect(await there('up', '--port', String(await freePort()))).toMatchObject({ code: 0 });
    for (const [name, map] of [
      ['host', 'ours'],
      ['dev', 'later'],
      ['copy', 'mine'],
    ] as const) {
      const words = ['kubectl', '--home', other, '--cluster', name, 'get', 'configmap', map];
      expect(await sampan(words), name).toMatchObject({ code: 0 });
    }
    expect(readdirSync(homes.folder).filter((name) => name.startsWith('.'))).toEqual([]);
    expect(readdirSync(join(home, 'backups')).filter((name) => name.startsWith('host-'))).toEqual([]);
  });
});
