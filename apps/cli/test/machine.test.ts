import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createHome,
  proxyEnvironment,
  readProxy,
  readRegistries,
  removeRegistry,
  writeProxy,
  writeRegistry,
} from '@sampan/home';
import { afterAll, describe, expect, it } from 'vitest';
import { missingPackages, SYSTEM_PACKAGES } from '../src/doctor/packages.ts';
import { unitNames, units } from '../src/service/units.ts';
import { sampan } from './command-line.ts';

const folder = mkdtempSync(join(tmpdir(), 'sampan-machine-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('settings of registries', () => {
  const home = createHome(join(folder, 'home'));
  mkdirSync(home.node.registries, { recursive: true });
  const plain = { mirrors: [], insecureHttp: false };

  it('are written as containerd reads them, closed to others', () => {
    const ca = '-----BEGIN CERTIFICATE-----\n';
    writeRegistry(home, {
      host: 'docker.io',
      mirrors: ['https://m.test', 'http://n.test:5000'],
      ca,
      insecureHttp: false,
    });
    const file = join(home.node.registries, 'docker.io/hosts.toml');
    const caFile = join(home.node.registries, 'docker.io/ca.crt');
    expect(readFileSync(file, 'utf8')).toBe(`# Written by "sampan registry add".
server = "https://registry-1.docker.io"
ca = "${caFile}"
[host."https://m.test"]
capabilities = ["pull", "resolve"]
ca = "${caFile}"
[host."http://n.test:5000"]
capabilities = ["pull", "resolve"]
ca = "${caFile}"
`);
    expect(statSync(file).mode & 0o077).toBe(0);
  });

  it('keep logins apart, and forget them with the registry', () => {
    writeRegistry(home, { ...plain, host: 'a.test:5000', login: { user: 'ann', password: 'p:w' } });
    writeRegistry(home, { ...plain, host: 'b.test', login: { user: 'bob', password: 'x' } });
    expect(statSync(home.node.credentials).mode & 0o077).toBe(0);
    expect(readRegistries(home).map(({ host, user }) => [host, user])).toEqual([
      ['a.test:5000', 'ann'],
      ['b.test', 'bob'],
      ['docker.io', undefined],
    ]);
    expect(removeRegistry(home, 'a.test:5000')).toBe(true);
    expect(removeRegistry(home, 'a.test:5000')).toBe(false);
    const { auths } = JSON.parse(readFileSync(home.node.credentials, 'utf8')) as { auths: object };
    expect(Object.keys(auths)).toEqual(['b.test']);
  });

  it.each([
    { host: '../x' },
    { host: 'A b' },
    { host: 'a.test', mirrors: ['m.test'] },
    { host: 'a.test', ca: 'no certificate' },
    { host: 'a.test', login: { user: '', password: 'x' } },
  ])('are refused when they are wrong: %j', (wrong) => {
    expect(() => writeRegistry(home, { ...plain, ...wrong })).toThrow(
      expect.objectContaining({ code: 'registry-invalid' }),
    );
    expect(removeRegistry(home, wrong.host)).toBe(false);
  });

  it('know a proxy', () => {
    expect(proxyEnvironment(readProxy(home))).toEqual({});
    writeProxy(home, { url: 'http://p.test:3128', except: '.local' });
    expect(proxyEnvironment(readProxy(home))).toEqual({
      HTTP_PROXY: 'http://p.test:3128',
      HTTPS_PROXY: 'http://p.test:3128',
      NO_PROXY: '.local',
    });
    writeProxy(home, undefined);
    expect(readProxy(home)).toBeUndefined();
  });
});

describe('programs of this machine', () => {
  it('are found wherever one of them is', () => {
    const programs = join(folder, 'bin');
    mkdirSync(programs);
    const names = SYSTEM_PACKAGES.map(({ name }) => name);
    for (const entry of SYSTEM_PACKAGES)
      for (const [program = ''] of entry.provides)
        if (!program.startsWith('/')) writeFileSync(join(programs, program), '', { mode: 0o755 });
    const missing = missingPackages(programs).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(missing));
    expect(missing).not.toContain('containerd');
    expect(missing).not.toContain('haproxy');
  });

  it('are not installed when all are there: nothing is run', async () => {
    const needed = missingPackages(process.env.PATH).filter(({ optional }) => !optional);
    const outcome = await sampan(['doctor', '--needed'], { uid: 65_534 });
    expect(outcome).toMatchObject({ code: 0, stdout: '' });
    if (needed.length === 0) expect(outcome.stderr).toBe('');
    else expect(outcome.stderr).toContain(needed[0]?.name);
  });
});

describe('units for systemd', () => {
  const plan = (home: string) => ({
    home,
    runtime: ['/usr/bin/env'],
    server: { program: '/bin/true', args: [`--home=${home}`] },
    node: { program: '/bin/true', args: [`--home=${home}`] },
  });

  it('of each home have names of their own', () => {
    expect(unitNames('/var/lib/sampan')).toEqual({ server: 'sampan.service', node: 'sampan-node.service' });
    expect(unitNames('/a').server).not.toBe(unitNames('/b').server);
  });

  it('are such as systemd understands, whatever the home is called', () => {
    for (const home of ['/var/lib/sampan', '/srv/a b/50%/"c"']) {
      const files = units(plan(home)).map(({ name, content }) => {
        const file = join(folder, name);
        writeFileSync(file, content);
        return file;
      });
      expect(readFileSync(files[1] ?? '', 'utf8')).toContain('KillMode=process');
      const { status, stderr, error } = spawnSync('systemd-analyze', ['verify', ...files], {
        encoding: 'utf8',
      });
      if (error) console.log('units were not verified: there is no systemd-analyze here');
      else expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    }
  });

  it('are only for machines that systemd runs, and for root', async () => {
    const outcome = await sampan(['service', 'install', '--home', join(folder, 'x')], { uid: 65_534 });
    expect(outcome).toMatchObject({ code: 1, stdout: '' });
    expect(outcome.stderr).toContain('Only root');
    const printed = await sampan(['service', 'install', '--print', '--home', join(folder, 'x')]);
    expect(printed.stdout).toContain('[Install]\nWantedBy=multi-user.target');
  });
});
