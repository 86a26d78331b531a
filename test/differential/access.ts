/** Reads the current context of a kubeconfig that carries certificates. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import type { Access } from '../../tools/upstream/kubeconfig.ts';

interface Named {
  readonly name: string;
}
interface Kubeconfig {
  readonly 'current-context': string;
  readonly contexts: readonly (Named & { context: { cluster: string; user: string } })[];
  readonly clusters: readonly (Named & { cluster: Record<string, string> })[];
  readonly users: readonly (Named & { user: Record<string, string> })[];
}

/** Throws when the file has no client certificate. */
export function readKubeconfig(file: string): Access {
  const config = parse(readFileSync(file, 'utf8')) as Kubeconfig;
  const context = named(config.contexts, config['current-context']).context;
  const { cluster } = named(config.clusters, context.cluster);
  const { user } = named(config.users, context.user);
  const pem = (holder: Record<string, string>, name: string): string => {
    const data = holder[`${name}-data`];
    if (data !== undefined) return Buffer.from(data, 'base64').toString();
    const path = holder[name];
    if (path === undefined) throw new Error(`${file} has no ${name}`);
    return readFileSync(resolve(dirname(file), path), 'utf8');
  };
  return {
    url: cluster.server ?? '',
    ca: pem(cluster, 'certificate-authority'),
    cert: pem(user, 'client-certificate'),
    key: pem(user, 'client-key'),
  };
}

function named<T extends Named>(list: readonly T[], name: string): T {
  const found = list.find((item) => item.name === name);
  if (found === undefined) throw new Error(`the kubeconfig does not define "${name}"`);
  return found;
}
