import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock, silentLogger, systemClock } from '@sampan/base';
import { createUser, deleteUser, ensurePki, HOME_FOLDERS, homeLayout } from '@sampan/home';
import { HubObjects } from '@sampan/hub';
import { createCertificateAuthority, decodePem, HttpClient, issueCertificate } from '@sampan/machinery';
import { afterAll, expect, test } from 'vitest';
import { HomeAccounts } from '../src/accounts/home-accounts.ts';
import { Remembered } from '../src/accounts/remembered.ts';

const home = homeLayout(mkdtempSync(join(tmpdir(), 'sampan-accounts-')));
for (const folder of HOME_FOLDERS) mkdirSync(join(home.root, folder));
ensurePki(home);
// nobody listens there: people need no cluster
const client = new HttpClient({ url: 'https://127.0.0.1:1' }, { name: 'test' });
const clock = new FakeClock(Date.now());
const common = { client, clock, log: silentLogger };
const objects = new HubObjects({ ...common, hasClusters: true });
const accounts = new HomeAccounts({ ...common, home, objects, onRobot: () => {} });
afterAll(() => {
  client.close();
  rmSync(home.root, { recursive: true });
});

/** Changes of the file of users count by then. */
const soon = (): void => clock.advance(100);

const der = (pem: string): string => decodePem('CERTIFICATE', pem)?.toString('base64') ?? '';

test('people log in by password and certificate, as long as they are users', async () => {
  expect(await accounts.authenticate('jo', 'secret')).toBeUndefined();
  const { password, certificate } = createUser(home, 'jo', ['crew']);
  soon();
  const jo = {
    name: 'jo',
    kind: 'user',
    groups: ['crew', 'system:authenticated'],
    administrator: false,
    permissions: [],
  };
  expect(await accounts.authenticate('jo', password)).toMatchObject(jo);
  expect(await accounts.authenticate('jo', `${password} `)).toBeUndefined();
  expect(await accounts.authenticate('jo', '')).toBeUndefined();
  expect(accounts.ofCertificate(der(certificate.certificate))).toMatchObject({ ...jo, stamp: '' });
  const before = accounts.account('jo')?.stamp;
  expect(before).toMatch(/^[\w-]{16}$/);
  deleteUser(home, 'jo');
  soon();
  expect(accounts.account('jo')).toBeUndefined();
  expect(await accounts.authenticate('jo', password)).toBeUndefined();
  expect(accounts.ofCertificate(der(certificate.certificate))).toBeUndefined();
  // another one of the name: neither its password nor its refresh tokens
  const next = createUser(home, 'jo', ['system:masters']);
  soon();
  expect(await accounts.authenticate('jo', password)).toBeUndefined();
  expect(await accounts.authenticate('jo', next.password)).toMatchObject({ administrator: true });
  expect(accounts.account('jo')?.stamp).not.toBe(before);
});

test('certificates of others, and what is none, say nothing', () => {
  const other = createCertificateAuthority('sampan');
  const subject = { commonName: 'jo', organizations: ['system:masters'] };
  const { certificatePem } = issueCertificate(other, { subject, usages: ['client auth'] });
  for (const text of [der(certificatePem), '', 'bm9uZQ==', 'x'])
    expect(accounts.ofCertificate(text)).toBeUndefined();
});

test('a broken file of users leaves the people of before', async () => {
  const { password } = createUser(home, 'kept', []);
  soon();
  expect(await accounts.authenticate('kept', password)).toMatchObject({ name: 'kept' });
  writeFileSync(home.users, '{');
  soon();
  expect(await accounts.authenticate('kept', password)).toMatchObject({ name: 'kept' });
});

test('names of robots and clusters that are not there are nobody', async () => {
  for (const name of ['shop/ci', 'robot/ci', 'cluster+dev', 'cluster+', '/', '../x/y', 'a/b/c'])
    expect(await accounts.authenticate(name, 'x')).toBeUndefined();
});

test('what was proved is not proved again for a while, and a failure is', async () => {
  const remembered = new Remembered<string>(systemClock);
  let proofs = 0;
  const prove = (value: string | undefined) => async () => {
    proofs++;
    return value;
  };
  const [first, second] = await Promise.all([
    remembered.check(['a', 'b'], prove('yes')),
    remembered.check(['a', 'b'], prove('yes')),
  ]);
  expect([first, second, proofs]).toEqual(['yes', 'yes', 1]);
  expect(await remembered.check(['ab', ''], prove(undefined))).toBeUndefined();
  expect(await remembered.check(['ab', ''], prove('now'))).toBe('now');
  expect(proofs).toBe(3);
  await expect(
    remembered.check(['c'], async () => {
      throw new Error('asked nobody');
    }),
  ).rejects.toThrow('asked nobody');
  expect(await remembered.check(['c'], prove('yes'))).toBe('yes');
});
