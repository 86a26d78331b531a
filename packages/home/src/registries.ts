import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, SampanError } from '@sampan/base';
import { changing } from './change-lock.ts';
import { HUB_HOST } from './hub-pulls.ts';
import type { HomeLayout } from './layout.ts';
import { isMissing } from './settings.ts';
import { writeFileSafely } from './write-file.ts';

/** How images of a registry are fetched by this home. */
export interface Registry {
  /** As images name it, with its port when they do: `docker.io`, `registry.example.com:5000`. */
  readonly host: string;
  /** Asked before the registry itself, in this order. */
  readonly mirrors: readonly string[];
  /** PEM of an authority that this machine does not know; of the registry and its mirrors. */
  readonly ca?: string;
  /** Without encryption. */
  readonly insecureHttp: boolean;
  /** For the registry; mirrors get it, too. */
  readonly login?: { readonly user: string; readonly password: string };
}

/** A proxy for everything that is fetched from outside. */
export interface RegistryProxy {
  /** `http://HOST:PORT`, perhaps with `USER:PASSWORD@`. */
  readonly url: string;
  /** Hosts, domains and networks that are reached without it, with commas between, as in NO_PROXY. */
  readonly except: string;
}

const HOST = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$/;
/** Where the API of a registry is when it is not at the name that images have. */
const API_HOSTS: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' };
const HOSTS_FILE = 'hosts.toml';
const CA_FILE = 'ca.crt';
const SETTINGS_FILE = 'settings.json';

/**
 * Writes HOST/hosts.toml, as containerd reads it at each pull (containerd docs/hosts.md), and the login in docker's
 * config format; what there was for the host goes. Only for root. Throws `registry-invalid`.
 */
export function writeRegistry(home: HomeLayout, registry: Registry): void {
  checkRegistry(registry);
  changing(home, () => putRegistry(home, registry));
}

function putRegistry({ node }: HomeLayout, registry: Registry): void {
  const { host, mirrors, ca, insecureHttp, login } = registry;
  const folder = join(node.registries, host);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const caFile = join(folder, CA_FILE);
  if (ca !== undefined) writeFileSync(caFile, ca, { mode: 0o600 });
  writeFileSync(join(folder, HOSTS_FILE), hostsToml(registry, caFile), { mode: 0o600 });
  writeFileSync(join(folder, SETTINGS_FILE), JSON.stringify({ mirrors, insecureHttp }), { mode: 0o600 });
  writeLogin(node, host, login);
}

/** Whether there was such a registry. */
export function removeRegistry(home: HomeLayout, host: string): boolean {
  const { node } = home;
  const isThere = (): boolean => HOST.test(host) && hostFolders(node).includes(host);
  if (!isThere()) return false;
  return changing(home, () => {
    if (!isThere()) return false;
    rmSync(join(node.registries, host), { recursive: true, force: true });
    writeLogin(node, host, undefined);
    return true;
  });
}

/** By name. Those that were written by hand have no more than a name here. */
export function readRegistries({
  node,
}: HomeLayout): (Omit<Registry, 'login'> & { readonly user?: string })[] {
  const auths = readAuths(node);
  return hostFolders(node).map((host) => {
    const at = (name: string) => read(join(node.registries, host, name));
    const ca = at(CA_FILE);
    const settings = JSON.parse(at(SETTINGS_FILE) ?? '{}') as Partial<Registry>;
    const user = Buffer.from(auths[host]?.auth ?? '', 'base64')
      .toString('utf8')
      .split(':')[0];
    return {
      host,
      mirrors: settings.mirrors ?? [],
      insecureHttp: settings.insecureHttp ?? false,
      ...(ca === undefined ? {} : { ca }),
      ...(user ? { user } : {}),
    };
  });
}

/** undefined: there is none. */
export function readProxy({ node }: HomeLayout): RegistryProxy | undefined {
  const text = read(proxyFile(node));
  return text === undefined ? undefined : (JSON.parse(text) as RegistryProxy);
}

/** undefined removes it. Counts from the next start of containerd. Throws `registry-invalid`. */
export function writeProxy({ node }: HomeLayout, proxy: RegistryProxy | undefined): void {
  if (!proxy) {
    rmSync(proxyFile(node), { force: true });
    return;
  }
  checkUrl(proxy.url);
  mkdirSync(node.registries, { recursive: true, mode: 0o700 });
  writeFileSafely(proxyFile(node), `${JSON.stringify(proxy)}\n`);
}

/** As containerd takes a proxy: Go's net/http reads these variables. Without one, those of this process count. */
export function proxyEnvironment(proxy: RegistryProxy | undefined): Record<string, string> {
  if (!proxy) return {};
  const { url, except } = proxy;
  return { HTTP_PROXY: url, HTTPS_PROXY: url, NO_PROXY: except };
}

const proxyFile = (node: HomeLayout['node']): string => join(node.registries, 'proxy.json');

function hostFolders({ registries }: HomeLayout['node']): string[] {
  try {
    return (
      readdirSync(registries, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
        // this home's own, which nobody sets
        .filter((name) => name !== HUB_HOST)
        .sort()
    );
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function hostsToml({ host, mirrors, ca, insecureHttp }: Registry, caFile: string): string {
  const scheme = insecureHttp ? 'http' : 'https';
  const trust = ca === undefined ? [] : [`ca = ${JSON.stringify(caFile)}`];
  const lines = [
    '# Written by "sampan registry add".',
    `server = ${JSON.stringify(`${scheme}://${API_HOSTS[host] ?? host}`)}`,
    ...trust,
    ...mirrors.flatMap((mirror) => [
      `[host.${JSON.stringify(mirror)}]`,
      'capabilities = ["pull", "resolve"]',
      ...trust,
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

type Auths = Readonly<Record<string, { readonly auth?: string }>>;

function readAuths({ credentials }: HomeLayout['node']): Auths {
  try {
    return (JSON.parse(read(credentials) ?? '{}') as { auths?: Auths }).auths ?? {};
  } catch (error) {
    throw new SampanError(
      'registry-credentials-invalid',
      `${credentials} cannot be read: ${messageOf(error)}.`,
      {
        hint: 'Mend the file, or remove it: only the logins of registries are lost.',
        cause: error,
      },
    );
  }
}

function writeLogin(node: HomeLayout['node'], host: string, login: Registry['login']): void {
  const { [host]: before, ...others } = readAuths(node);
  if (!login && !before) return;
  const auth = login && Buffer.from(`${login.user}:${login.password}`).toString('base64');
  const auths = auth === undefined ? others : { ...others, [host]: { auth } };
  writeFileSafely(node.credentials, `${JSON.stringify({ auths }, null, 2)}\n`);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function checkRegistry({ host, mirrors, ca, login }: Registry): void {
  if (!HOST.test(host)) {
    throw invalid(
      `${JSON.stringify(host)} is no name of a registry`,
      'For example: sampan registry add ghcr.io',
    );
  }
  if (host === HUB_HOST) throw invalid(`${host} is Sampan's own`, 'For its accounts: sampan help hub');
  for (const mirror of mirrors) checkUrl(mirror);
  if (ca !== undefined && !ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw invalid('the authority is no certificate', 'Give a file with certificates in PEM: --ca FILE');
  }
  if (login && (login.user === '' || login.user.includes(':') || login.password === '')) {
    throw invalid('a user needs a name without a colon, and a password', 'See: sampan help registry add');
  }
}

function checkUrl(text: string): void {
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol) && url.hostname !== '') return;
  throw invalid(`${JSON.stringify(text)} is no URL`, 'Give one that begins with http:// or https://');
}

function invalid(problem: string, hint: string): SampanError {
  return new SampanError('registry-invalid', `This cannot be a registry's setting: ${problem}.`, { hint });
}
