import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { type IngressBackend, UNAVAILABLE } from './ingress-backends.ts';
import type { HostRoutes, IngressPlan } from './ingress-plan.ts';
import { type Slots, slotName } from './server-slots.ts';

export interface ProxyPorts {
  readonly http: number;
  readonly https: number;
}

export interface HaproxySettings {
  /** The machine's addresses it listens at. */
  readonly addresses: readonly string[];
  readonly ports: ProxyPorts;
  /** PEM, certificate and key, for clients that name no host that has one of its own. */
  readonly defaultCertificate: string;
  readonly threads: number;
}

export const HAPROXY_CONFIG = 'haproxy.cfg';
const NOT_FOUND = 'not-found';

/**
 * The files of an HAProxy (2.6) that does what the plan says, by names relative to its folder. Which backend a
 * request goes to is found in maps, so that rules cost the same however many there are. Pure.
 *
 * No text of a user gets into them that was not restricted to harmless characters: ids of backends and hosts by a
 * pattern, paths by percent-encoding, addresses and ports as what they are, certificates written anew.
 */
export function haproxyFiles(
  plan: IngressPlan,
  slots: ReadonlyMap<string, Slots>,
  settings: HaproxySettings,
): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const { hosts } = plan;
  files.set('hosts.map', mapText([...hosts.keys()].filter(Boolean).map((host) => [host, host])));
  files.set('exact.map', mapText(pathEntries(hosts, ({ exact }) => exact)));
  files.set('prefixes.map', mapText(pathEntries(hosts, ({ prefixes }) => prefixes)));
  const fallbacks = [...hosts].flatMap(([host, { fallback }]) =>
    fallback === undefined ? [] : [[`${host}|`, fallback] as const],
  );
  files.set('fallbacks.map', mapText(fallbacks));
  const lines: string[] = [];
  const certificate = (pem: string, names: readonly string[]) => {
    const file = `certificates/${createHash('sha256').update(pem).digest('hex').slice(0, 24)}.pem`;
    files.set(file, pem);
    lines.push([file, ...names].join(' '));
  };
  // the first is for all who name no host of another
  certificate(settings.defaultCertificate, ['localhost']);
  for (const { pem, hosts: names } of plan.certificates) certificate(pem, names);
  files.set('certificates.list', `${lines.join('\n')}\n`);
  files.set(HAPROXY_CONFIG, configText(plan, slots, settings));
  return files;
}

const mapText = (entries: readonly (readonly [string, string])[]): string =>
  entries
    .map(([key, value]) => `${key} ${value}\n`)
    .sort()
    .join('');

/** Keys begin with the host, so that one lookup is of one host's paths only; `|` is in neither. */
const pathEntries = (
  hosts: ReadonlyMap<string, HostRoutes>,
  paths: (routes: HostRoutes) => ReadonlyMap<string, string>,
): (readonly [string, string])[] =>
  [...hosts].flatMap(([host, routes]) =>
    [...paths(routes)].map(([path, backend]) => [`${host}|${path}`, backend] as const),
  );

function configText(
  plan: IngressPlan,
  slots: ReadonlyMap<string, Slots>,
  { addresses, ports, threads }: HaproxySettings,
): string {
  const bind = (port: number, more = '') =>
    addresses.map((ip) => `  bind ${isIPv6(ip) ? `[${ip}]` : ip}:${port}${more}`);
  const backends = [...plan.backends.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return [
    ...head(threads),
    'frontend ingress',
    ...bind(ports.http),
    ...bind(ports.https, ' ssl crt-list certificates.list alpn h2,http/1.1'),
    ...ROUTING,
    `  default_backend ${plan.fallback ?? NOT_FOUND}`,
    ...backends.flatMap((backend) => backendText(backend, slots.get(backend.id) ?? [])),
    ...answer(NOT_FOUND, 404, 'No Ingress has this host and path.'),
    ...answer(UNAVAILABLE, 503, 'The Ingress leads to a Service or port that is not there.'),
    '',
  ].join('\n');
}

const head = (threads: number): string[] => [
  'global',
  `  nbthread ${threads}`,
  '  maxconn 4096',
  // of a configuration that was replaced: long connections end at last
  '  hard-stop-after 1h',
  '  mworker-max-reloads 20',
  '  ssl-default-bind-options ssl-min-ver TLSv1.2',
  'defaults',
  '  mode http',
  '  timeout connect 3s',
  '  timeout client 60s',
  '  timeout http-request 30s',
  '  timeout http-keep-alive 60s',
  '  timeout server 60s',
  // WebSockets
  '  timeout tunnel 1h',
  // a pod that just ended is no failure of the request, if it may be sent again
  '  retries 3',
  '  option redispatch 1',
  '  retry-on conn-failure empty-response',
  '  option idle-close-on-response',
];

/** `map_beg` finds the longest prefix (Configuration Manual, "map"). */
const ROUTING: readonly string[] = [
  '  http-request disable-l7-retry unless { method GET HEAD OPTIONS }',
  '  http-request del-header Proxy',
  '  http-request set-header X-Forwarded-For %[src]',
  '  http-request set-header X-Real-IP %[src]',
  '  http-request set-header X-Forwarded-Host %[req.hdr(host)]',
  '  http-request set-header X-Forwarded-Port %[dst_port]',
  '  http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]',
  '  http-request set-var(txn.host) req.hdr(host),host_only,lower',
  '  http-request set-var(txn.scope) var(txn.host),map_str(hosts.map)',
  '  http-request set-var(txn.scope) var(txn.host),regsub(^[^.]*,*),map_str(hosts.map) unless { var(txn.scope) -m found }',
  '  http-request set-var-fmt(txn.key) %[var(txn.scope)]|%[path]',
  '  http-request set-var(txn.backend) var(txn.key),map_str(exact.map)',
  '  http-request set-var-fmt(txn.key) %[var(txn.key)]/',
  '  http-request set-var(txn.backend) var(txn.key),map_beg(prefixes.map) unless { var(txn.backend) -m found }',
  '  http-request set-var-fmt(txn.key) %[var(txn.scope)]|',
  '  http-request set-var(txn.backend) var(txn.key),map_str(fallbacks.map) unless { var(txn.backend) -m found }',
  '  use_backend %[var(txn.backend)] if { var(txn.backend) -m found }',
];

function backendText({ id, protocol, isSticky }: IngressBackend, slots: Slots): string[] {
  const speech = { http: '', h2c: ' proto h2', https: ' ssl verify none alpn h2,http/1.1' }[protocol];
  const servers = slots.map((endpoint, i) => {
    // nobody listens on port 1, and a place that is not used is never asked
    const [to, state] = endpoint ? [`${endpoint.ip}:${endpoint.port}`, ''] : ['127.0.0.1:1', ' disabled'];
    return `  server ${slotName(i)} ${to}${speech}${state}`;
  });
  const balance = isSticky ? ['  balance source', '  hash-type consistent'] : ['  balance random'];
  return [`backend ${id}`, ...balance, ...servers];
}

const answer = (name: string, status: number, text: string): string[] => [
  `backend ${name}`,
  `  http-request return status ${status} content-type text/plain string "${text}"`,
];
