import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { isObject, type JsonObject, messageOf, SampanError } from '@sampan/base';
import type { Connection } from './connection.ts';

export interface KubeconfigChoice {
  /** Default: the file's `current-context`. */
  readonly context?: string;
}

export interface LoadedKubeconfig extends Connection {
  /** The context's namespace; default `default`. */
  readonly namespace: string;
}

/**
 * Reads a kubeconfig file (YAML or JSON; Kubernetes docs "Organizing Cluster Access Using kubeconfig Files").
 * Relative file names in it are relative to the file. Throws `SampanError` with code `kubeconfig`.
 */
export async function loadKubeconfig(file: string, choice: KubeconfigChoice = {}): Promise<LoadedKubeconfig> {
  const path = file.startsWith('~/') ? join(homedir(), file.slice(2)) : file;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new SampanError('kubeconfig', `the kubeconfig ${file} cannot be read: ${messageOf(error)}`, {
      hint: 'Name a file that exists and that you may read.',
      cause: error,
    });
  }
  return parseKubeconfig(text, { ...choice, folder: dirname(path), name: file });
}

/** As `loadKubeconfig`, from text; `folder` is what relative file names are relative to. */
export async function parseKubeconfig(
  text: string,
  options: KubeconfigChoice & { readonly folder?: string; readonly name?: string } = {},
): Promise<LoadedKubeconfig> {
  const { folder = '.', name = 'the kubeconfig' } = options;
  const config = await parseText(text, name);
  const contextName = options.context ?? textOf(config, 'current-context');
  if (!contextName)
    throw broken(name, 'has no current-context', 'Choose one: kubectl config use-context NAME.');
  const context = entry(config, 'contexts', 'context', contextName, name);
  const cluster = entry(config, 'clusters', 'cluster', textOf(context, 'cluster') ?? '', name);
  const userName = textOf(context, 'user');
  const user = userName ? entry(config, 'users', 'user', userName, name) : {};
  const url = textOf(cluster, 'server');
  if (!url)
    throw broken(
      name,
      `names no server for context ${JSON.stringify(contextName)}`,
      'Add clusters[].cluster.server.',
    );
  return {
    url,
    namespace: textOf(context, 'namespace') ?? 'default',
    ...clusterFields(cluster, folder),
    ...userFields(user, folder, name),
  };
}

function clusterFields(cluster: JsonObject, folder: string) {
  const ca = dataOrFile(cluster, 'certificate-authority', folder);
  const serverName = textOf(cluster, 'tls-server-name');
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(cluster['insecure-skip-tls-verify'] === true ? { insecure: true } : {}),
  };
}

function userFields(user: JsonObject, folder: string, name: string) {
  for (const plugin of ['exec', 'auth-provider']) {
    if (isObject(user[plugin])) {
      throw broken(
        name,
        `logs in by a credential plug-in (${plugin}), which Sampan does not run`,
        'Use a client certificate or a token, for example of kubectl create token.',
      );
    }
  }
  const cert = dataOrFile(user, 'client-certificate', folder);
  const key = dataOrFile(user, 'client-key', folder);
  const tokenFile = textOf(user, 'tokenFile');
  const token = tokenFile ? fileToken(resolve(folder, tokenFile)) : textOf(user, 'token');
  const username = textOf(user, 'username');
  const password = textOf(user, 'password');
  const asUser = textOf(user, 'as');
  const groups = user['as-groups'];
  return {
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(token === undefined ? {} : { token }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(asUser === undefined ? {} : { asUser }),
    ...(Array.isArray(groups) ? { asGroups: groups.map(String) } : {}),
  };
}

/** Mounted tokens are replaced while the process runs: read anew once a minute, as client-go does. */
function fileToken(path: string): () => string {
  let token = '';
  let readAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (now - readAt > 60_000) {
      token = readFileSync(path, 'utf8').trim();
      readAt = now;
    }
    return token;
  };
}

async function parseText(text: string, name: string): Promise<JsonObject> {
  let value: unknown;
  try {
    // our own kubeconfigs are JSON: the YAML parser costs time to load
    value = text.trimStart().startsWith('{') ? JSON.parse(text) : (await import('yaml')).parse(text);
  } catch (error) {
    throw broken(name, `is not YAML: ${messageOf(error)}`, 'Mend the file or write it anew.');
  }
  if (!isObject(value)) throw broken(name, 'is not a kubeconfig', 'It must be an object of kind Config.');
  return value;
}

function entry(config: JsonObject, list: string, field: string, wanted: string, name: string): JsonObject {
  const items = config[list];
  const found = Array.isArray(items)
    ? items.find((item) => isObject(item) && item.name === wanted)
    : undefined;
  const value = isObject(found) ? found[field] : undefined;
  if (!isObject(value))
    throw broken(name, `has no ${field} ${JSON.stringify(wanted)}`, `Look at its ${list} list.`);
  return value;
}

function textOf(object: JsonObject, key: string): string | undefined {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

const resolve = (folder: string, file: string) => (isAbsolute(file) ? file : join(folder, file));

/** `KEY-data` in base64 wins over the file named by `KEY`. */
function dataOrFile(object: JsonObject, key: string, folder: string): string | undefined {
  const data = textOf(object, `${key}-data`);
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  const file = textOf(object, key);
  if (file === undefined) return undefined;
  const path = resolve(folder, file);
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw broken(path, `cannot be read: ${messageOf(error)}`, `The kubeconfig names it as ${key}.`);
  }
}

const broken = (name: string, what: string, hint: string) =>
  new SampanError('kubeconfig', `${name} ${what}`, { hint });
