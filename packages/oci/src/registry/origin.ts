import { UnreachableError } from '../errors.ts';
import { readBody, type Transport } from '../http/transport.ts';

/** Where the API of a registry is when it is not at the name that images have. */
const API_HOSTS: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' };
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/;
const MAX_BYTES = 1 << 20;

/** Whether a registry's name is this machine by itself. */
export const isLoopback = (registry: string): boolean => LOOPBACK.test(registry);

/** Docker's own images have a first segment that people leave out. */
export const repositoryAt = (registry: string, repository: string): string =>
  registry === 'docker.io' && !repository.includes('/') ? `library/${repository}` : repository;

/**
 * Where a registry of a name answers: by HTTPS, or without encryption if `insecureHttp`. On loopback HTTPS is tried and
 * HTTP taken if there is none, as Docker does.
 */
export async function originOf(host: string, transport: Transport, insecureHttp: boolean): Promise<URL> {
  const plain = new URL(`http://${host}`);
  if (insecureHttp) return plain;
  const secure = new URL(`https://${API_HOSTS[host] ?? host}`);
  if (!isLoopback(host)) return secure;
  try {
    await readBody(await transport.send({ method: 'GET', url: new URL('/v2/', secure) }), MAX_BYTES);
    return secure;
  } catch (error) {
    if (error instanceof UnreachableError && !isCertificateError(error)) return plain;
    throw error;
  }
}

/** There is TLS, but not with somebody who is known. */
const isCertificateError = ({ cause }: UnreachableError): boolean =>
  /CERT|ALTNAME|SELF_SIGNED/.test(String((cause as NodeJS.ErrnoException | undefined)?.code));
