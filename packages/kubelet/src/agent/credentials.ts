import { readFile } from 'node:fs/promises';
import { type KubeObject, type k8s, StatusError } from '@sampan/api';
import { type Logger, messageOf } from '@sampan/base';
import { type Client, REFS } from '@sampan/machinery';
import type { RegistryCredentials } from '../runtime/index.ts';

interface DockerAuth {
  readonly username?: string;
  readonly password?: string;
  readonly auth?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

/** By registry, perhaps with a path: `example.com`, `https://index.docker.io/v1/`, `example.com/team`. */
type DockerAuths = Readonly<Record<string, DockerAuth>>;

export interface CredentialOptions {
  readonly client: Client;
  readonly log: Logger;
  /** Credentials of the machine in docker's config format; need not be there. */
  readonly file: string;
}

/** For an image: of the pod's imagePullSecrets, then of the machine (Kubernetes docs, "Images"). */
export async function imageCredentials(
  { client, log, file }: CredentialOptions,
  pod: k8s.Pod,
  image: string,
): Promise<RegistryCredentials | undefined> {
  const { namespace = '' } = pod.metadata ?? {};
  for (const { name } of pod.spec?.imagePullSecrets ?? []) {
    if (!name) continue;
    const auths = await secretAuths(client, log, namespace, name);
    const found = credentialsFor(auths, image);
    if (found) return found;
  }
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  return credentialsFor(authsOf(text), image);
}

async function secretAuths(
  client: Client,
  log: Logger,
  namespace: string,
  name: string,
): Promise<DockerAuths> {
  try {
    const secret = await client.get<KubeObject>(REFS.secrets, namespace, name);
    const data = (secret.data ?? {}) as Record<string, string>;
    const text = (key: string) => Buffer.from(data[key] ?? '', 'base64').toString('utf8');
    if (secret.type === 'kubernetes.io/dockerconfigjson') return authsOf(text('.dockerconfigjson'));
    if (secret.type === 'kubernetes.io/dockercfg') return authsOf(`{"auths":${text('.dockercfg')}}`);
    return {};
  } catch (error) {
    // as upstream: the pull goes on without it, and fails if it was needed
    if (!(error instanceof StatusError) && !(error instanceof SyntaxError)) throw error;
    log.warn('an image pull secret cannot be used', {
      secret: `${namespace}/${name}`,
      error: messageOf(error),
    });
    return {};
  }
}

/** Throws a SyntaxError when it is not docker's format. */
function authsOf(text: string): DockerAuths {
  const value: unknown = JSON.parse(text);
  const auths = typeof value === 'object' && value !== null && 'auths' in value ? value.auths : {};
  if (typeof auths !== 'object' || auths === null) throw new SyntaxError('"auths" is not an object');
  return auths as DockerAuths;
}

/** The one of the longest matching name. Pure. */
export function credentialsFor(auths: DockerAuths, image: string): RegistryCredentials | undefined {
  const target = fullName(image);
  const matching = Object.keys(auths)
    .filter((key) => matches(normalized(key), target))
    .sort((a, b) => normalized(b).length - normalized(a).length);
  const [best] = matching;
  const found = best === undefined ? undefined : auths[best];
  if (!found) return undefined;
  const { username, password, auth, identitytoken, registrytoken } = found;
  return {
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
    ...(auth ? { auth } : {}),
    ...(identitytoken ? { identityToken: identitytoken } : {}),
    ...(registrytoken ? { registryToken: registrytoken } : {}),
  };
}

/** Docker Hub's names leave the host out. */
function fullName(image: string): string {
  const [first = '', ...rest] = image.split('/');
  const hasHost = rest.length > 0 && (first.includes('.') || first.includes(':') || first === 'localhost');
  return hasHost ? image : `docker.io/${rest.length === 0 ? `library/${image}` : image}`;
}

function normalized(key: string): string {
  const bare = key.replace(/^https?:\/\//, '').replace(/\/(v[12]\/?)?$/, '');
  return bare === 'index.docker.io' || bare === 'registry-1.docker.io' ? 'docker.io' : bare;
}

/** A host may have `*` for a part of its name; a path is a prefix. */
function matches(key: string, target: string): boolean {
  const [host = '', ...path] = key.split('/');
  const [targetHost = '', ...targetPath] = target.split('/');
  const parts = host.split('.');
  const targetParts = targetHost.split('.');
  const sameHost =
    parts.length === targetParts.length &&
    parts.every((part, index) => globMatches(part, targetParts[index] ?? ''));
  return sameHost && targetPath.join('/').startsWith(path.join('/'));
}

/** At most one star is looked at: linear in the length. */
function globMatches(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === text;
  const [head, tail] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return text.length >= head.length + tail.length && text.startsWith(head) && text.endsWith(tail);
}
