import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Logins } from '../src/auth/logins.ts';

const folder = mkdtempSync(join(tmpdir(), 'sampan-logins-'));
afterAll(() => rmSync(folder, { recursive: true }));

let homes = 0;
function person(docker: object): { readonly logins: Logins; readonly home: string } {
  const home = join(folder, `home-${homes++}`);
  mkdirSync(join(home, '.docker'), { recursive: true });
  writeFileSync(join(home, '.docker', 'config.json'), JSON.stringify(docker));
  return { home, logins: new Logins({ home, uid: 4_000_000, environment: {} }) };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('the login of the longest name counts; Docker’s own registry has a name of its own', async () => {
  const { logins } = person({
    auths: {
      'example.com': { auth: base64('host:1') },
      'example.com/team': { auth: base64('team:a:b') },
      'https://index.docker.io/v1/': { auth: base64('docker:2') },
      'tokens.example.com': { auth: '', identitytoken: 'refresh' },
    },
  });
  expect(await logins.find('example.com', 'team/app')).toEqual({
    kind: 'password',
    user: 'team',
    password: 'a:b',
  });
  expect(await logins.find('example.com', 'teams/app')).toMatchObject({ user: 'host' });
  expect(await logins.find('docker.io', 'library/nginx')).toMatchObject({ user: 'docker' });
  expect(await logins.find('tokens.example.com', 'a')).toEqual({ kind: 'refresh-token', token: 'refresh' });
  expect(await logins.find('other.example.com', 'a')).toBeUndefined();
});

test('logins are kept for Docker and for containers’ programs, for their owner alone', async () => {
  const { logins, home } = person({ auths: { other: { auth: 'eA==' } }, currentContext: 'x' });
  await logins.store('localhost:5000', { user: 'ann', password: 'secret' });
  const docker = join(home, '.docker', 'config.json');
  expect(logins.files).toEqual([docker, join(home, '.config', 'containers', 'auth.json')]);
  for (const file of logins.files) expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(docker, 'utf8'))).toEqual({
    auths: { other: { auth: 'eA==' }, 'localhost:5000': { auth: base64('ann:secret') } },
    currentContext: 'x',
  });
  expect(await logins.find('localhost:5000', 'a')).toMatchObject({ user: 'ann' });
  expect(await logins.remove('localhost:5000')).toBe(true);
  expect(await logins.remove('localhost:5000')).toBe(false);
  expect(await logins.find('localhost:5000', 'a')).toBeUndefined();
  await logins.store('docker.io', { user: 'ann', password: 'secret' });
  const names = logins.files.map((file) =>
    Object.keys((JSON.parse(readFileSync(file, 'utf8')) as { auths: object }).auths),
  );
  expect(names).toEqual([['other', 'https://index.docker.io/v1/'], ['docker.io']]);
  expect(await logins.find('docker.io', 'library/nginx')).toMatchObject({ user: 'ann' });
  expect(await logins.remove('docker.io')).toBe(true);
  expect(await logins.find('docker.io', 'library/nginx')).toBeUndefined();
});

test('where a helper keeps the logins it is asked, and told', async () => {
  const { logins, home } = person({ credHelpers: { 'helped.example': 'test-sampan' } });
  const store = join(home, 'store');
  const helper = join(folder, 'docker-credential-test-sampan');
  writeFileSync(
    helper,
    `#!/bin/sh
case "$1" in
  get) if [ -s ${store} ]; then cat ${store}; else echo "credentials not found in native keychain"; exit 1; fi ;;
  store) cat > ${store} ;;
  erase) cat > /dev/null; rm ${store} ;;
esac
`,
  );
  chmodSync(helper, 0o755);
  const { PATH: before } = process.env;
  process.env.PATH = `${folder}:${before}`;
  try {
    expect(await logins.find('helped.example', 'a')).toBeUndefined();
    await logins.store('helped.example', { user: 'ann', password: 'secret' });
    expect(readFileSync(join(home, '.docker', 'config.json'), 'utf8')).not.toContain(base64('ann:secret'));
    expect(JSON.parse(readFileSync(store, 'utf8'))).toMatchObject({ Username: 'ann', Secret: 'secret' });
  } finally {
    process.env.PATH = before;
  }
});

test('a file that is damaged, or a helper that is missing, is named', async () => {
  const { logins } = person({ credsStore: 'not-installed' });
  await expect(logins.find('a.example', 'a')).rejects.toMatchObject({ code: 'oci-login-invalid' });
  const damaged = person({});
  writeFileSync(join(damaged.home, '.docker', 'config.json'), '{');
  await expect(damaged.logins.find('a.example', 'a')).rejects.toThrow(/config\.json/);
});
