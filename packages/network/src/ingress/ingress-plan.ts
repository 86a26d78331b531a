import type { k8s } from '@sampan/api';
import {
  BackendBook,
  type BackendSources,
  type IngressBackend,
  type IngressProblem,
} from './ingress-backends.ts';
import { CertificateBook, type HostCertificate } from './ingress-certificates.ts';
import type { Ingress, Secret } from './objects.ts';

/** What an ingress proxy does, whichever program it is. */
export interface IngressPlan {
  /** By host: in lower case, `*.` and more for all names one label longer, '' for requests that no other host has. */
  readonly hosts: ReadonlyMap<string, HostRoutes>;
  readonly backends: ReadonlyMap<string, IngressBackend>;
  /** For requests that no rule has; undefined: 404. */
  readonly fallback: string | undefined;
  readonly certificates: readonly HostCertificate[];
  readonly problems: readonly IngressProblem[];
}

/** Paths are as requests have them, percent-encoded; values are ids of backends. */
export interface HostRoutes {
  readonly exact: ReadonlyMap<string, string>;
  /** Each ends with `/`; it is of the path without it, too. The longest wins. */
  readonly prefixes: ReadonlyMap<string, string>;
  readonly fallback: string | undefined;
}

interface MutableRoutes {
  readonly exact: Map<string, string>;
  readonly prefixes: Map<string, string>;
  fallback: string | undefined;
}

/**
 * Rules of Ingress (Kubernetes docs "Ingress"): the exact host before the wildcard before rules without a host; the
 * longest path, and of equal ones `Exact`. `ImplementationSpecific` is `Prefix` here. What no path of a host has goes
 * to the default backend of the Ingress that was first to name the host, else to the oldest of all. Pure.
 *
 * `ingresses`: of `ingressesOf`, oldest first.
 */
export function planIngress(
  ingresses: readonly Ingress[],
  sources: BackendSources & { readonly secrets: Iterable<Secret> },
): IngressPlan {
  const problems: IngressProblem[] = [];
  const note = (problem: IngressProblem) => void problems.push(problem);
  const book = new BackendBook(sources, note);
  const certificates = new CertificateBook(sources.secrets, note);
  const hosts = new Map<string, MutableRoutes>();
  const claims = new Map<string, Ingress>();
  let fallback: string | undefined;
  for (const ingress of ingresses) {
    const { defaultBackend, rules } = ingress.spec ?? {};
    const own = defaultBackend && book.of(ingress, defaultBackend);
    fallback ??= own;
    for (const { host: text = '', http } of rules ?? []) {
      const host = text.toLowerCase();
      if (!isHost(host)) continue;
      const routes = hosts.getOrInsertComputed(host, () => ({
        exact: new Map(),
        prefixes: new Map(),
        fallback: own,
      }));
      // without paths all of the host goes to the default backend
      for (const path of http?.paths ?? []) addPath(routes, { ingress, host, path, book, claims, note });
    }
    certificates.add(ingress);
  }
  return {
    hosts,
    backends: book.backends,
    fallback,
    certificates: certificates.certificates(),
    problems,
  };
}

interface PathContext {
  readonly ingress: Ingress;
  readonly host: string;
  readonly path: k8s.HTTPIngressPath;
  readonly book: BackendBook;
  /** Who has a host's path. */
  readonly claims: Map<string, Ingress>;
  readonly note: (problem: IngressProblem) => void;
}

function addPath(routes: MutableRoutes, { ingress, host, path, book, claims, note }: PathContext): void {
  const isExact = path.pathType === 'Exact';
  const text = encodePath(path.path || '/');
  const key = isExact || text.endsWith('/') ? text : `${text}/`;
  const table = isExact ? routes.exact : routes.prefixes;
  const claim = `${host} ${isExact} ${key}`;
  const holder = claims.get(claim);
  if (holder) {
    if (holder === ingress) return;
    const { namespace, name } = holder.metadata;
    const what = `${host || 'all hosts'}, path ${path.path || '/'}`;
    note({
      ingress,
      reason: 'PathTaken',
      note: `${what}, belongs to the older Ingress ${namespace}/${name}`,
    });
    return;
  }
  claims.set(claim, ingress);
  table.set(key, book.of(ingress, path.backend));
}

/** What the API lets through as a host of a rule; anything else is left out. */
export const isHost = (host: string): boolean =>
  /^$|^(\*\.)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(host);

/**
 * A path as clients send it: what RFC 3986 does not allow in a path is percent-encoded. So nothing is left that
 * means anything to a configuration.
 */
export const encodePath = (path: string): string =>
  path.replaceAll(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]+/gu, (part) => encodeURIComponent(part.toWellFormed()));
