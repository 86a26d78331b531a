import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { HomeLayout } from './layout.ts';
import { clusterLogin, clusterPullPassword } from './pull-password.ts';
import { isMissing, readSettings } from './settings.ts';
import { writeFileSafely } from './write-file.ts';

/** The registry's name in images: the same on every machine, whatever its port is. */
export const HUB_HOST = 'hub.sampan.local';

/** The Secret with which pods of a cluster pull from its project; in every namespace. */
export const PULL_SECRET = 'sampan-hub';

interface Puller {
  readonly cluster: string;
  /** Of the Cluster object; '' for the machine's own cluster. */
  readonly uid: string;
  /** `HOST:PORT` of the TLS port. */
  readonly address: string;
}

/** A login at all names that the registry has for a cluster's nodes, in docker's config format. */
export function pullSecretContent(home: HomeLayout, { cluster, uid, address }: Puller): string {
  const password = clusterPullPassword(home, cluster, uid);
  const auth = Buffer.from(`${clusterLogin(cluster)}:${password}`).toString('base64');
  const { hubPort } = readSettings(home);
  const hosts = [HUB_HOST, address, ...(hubPort === undefined ? [] : [`localhost:${hubPort}`])];
  return JSON.stringify({ auths: Object.fromEntries(hosts.map((host) => [host, { auth }])) });
}

/**
 * Has containerd find the registry under its name, at the port that it has now (containerd docs/hosts.md); without one
 * the name leads nowhere. May be called again. Only for root.
 */
export function pointToHub(home: HomeLayout): void {
  const { hubPort } = readSettings(home);
  const folder = join(home.node.registries, HUB_HOST);
  const file = join(folder, 'hosts.toml');
  if (hubPort === undefined) {
    rmSync(folder, { recursive: true, force: true });
    return;
  }
  const url = JSON.stringify(`http://127.0.0.1:${hubPort}`);
  const content = `# Written by Sampan: its own registry.\nserver = ${url}\n[host.${url}]\ncapabilities = ["pull", "resolve"]\n`;
  if (read(file) === content) return;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSafely(file, content);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
