import { isIPv4, isIPv6 } from 'node:net';
import type { SoaData, SrvData } from 'dns-packet';
import type { ZoneEndpoint, ZonePort, ZoneService, ZoneView } from './zone-view.ts';

export type ZoneRecord = { readonly name: string; readonly ttl: number } & (
  | { readonly type: 'A' | 'AAAA' | 'CNAME' | 'PTR' | 'NS' | 'TXT'; readonly data: string }
  | { readonly type: 'SRV'; readonly data: SrvData }
  | { readonly type: 'SOA'; readonly data: SoaData }
);

export interface ZoneAnswer {
  readonly rcode: 'NOERROR' | 'NXDOMAIN';
  readonly answers: readonly ZoneRecord[];
  readonly authorities: readonly ZoneRecord[];
  readonly additionals: readonly ZoneRecord[];
  /** A name outside of the zone, whose addresses belong into the answer as well. */
  readonly follow?: string;
}

/** As CoreDNS: short, since addresses change. */
const TTL = 5;
/** An ExternalName may name another one. */
const MAX_ALIASES = 8;

type Found =
  | { readonly alias: string }
  | { readonly ips: readonly string[]; readonly srv?: readonly Target[]; readonly texts?: readonly string[] };

/** Where an SRV record leads. */
interface Target {
  readonly port: number;
  readonly name: string;
  readonly ip: string;
}

/**
 * Answers for the names of a cluster (Kubernetes DNS specification 1.1.0, with CoreDNS where that is silent).
 * Pure but for the view it reads.
 */
export class ZoneAnswers {
  readonly #view: ZoneView;
  readonly #zone: string;

  /** `zone`: lower case, without a dot at the end, such as `cluster.local`. */
  constructor(view: ZoneView, zone: string) {
    this.#view = view;
    this.#zone = zone;
  }

  /** undefined: not a name of the cluster. `name` is lower case, without a dot at its end. */
  answer(name: string, type: string): ZoneAnswer | undefined {
    if (name === this.#zone || name.endsWith(`.${this.#zone}`)) return this.#forward(name, type);
    const ip = reverseIp(name);
    if (ip === undefined) return undefined;
    const names = this.#view.namesOf(ip);
    // an address that is nobody's here may be known elsewhere
    if (names.length === 0) return undefined;
    const records =
      type === 'PTR' ? names.map((of) => this.#record(name, 'PTR', `${of}.svc.${this.#zone}`)) : [];
    return this.#answered(records);
  }

  #forward(name: string, type: string): ZoneAnswer {
    const answers: ZoneRecord[] = [];
    let owner = name;
    for (let step = 0; step <= MAX_ALIASES; step++) {
      const found = this.#find(owner, type);
      if (!found) return answers.length > 0 ? this.#answered(answers) : this.#nothing('NXDOMAIN');
      if (!('alias' in found))
        return this.#answered([...answers, ...this.#records(owner, type, found)], found);
      answers.push(this.#record(owner, 'CNAME', found.alias));
      if (type === 'CNAME') return this.#answered(answers);
      if (!found.alias.endsWith(`.${this.#zone}`)) return { ...this.#answered(answers), follow: found.alias };
      owner = found.alias;
    }
    return this.#answered(answers);
  }

  #records(
    owner: string,
    type: string,
    { ips, srv = [], texts = [] }: Exclude<Found, { alias: string }>,
  ): ZoneRecord[] {
    if (type === 'A') return ips.filter((ip) => isIPv4(ip)).map((ip) => this.#record(owner, 'A', ip));
    if (type === 'AAAA') return ips.filter((ip) => isIPv6(ip)).map((ip) => this.#record(owner, 'AAAA', ip));
    if (type === 'TXT') return texts.map((text) => this.#record(owner, 'TXT', text));
    if (type === 'SOA' && owner === this.#zone) return [this.#soa()];
    if (type === 'NS' && owner === this.#zone) return [this.#record(owner, 'NS', `ns.dns.${this.#zone}`)];
    if (type !== 'SRV') return [];
    const targets = new Map(srv.map((target) => [`${target.name}:${target.port}`, target]));
    const weight = Math.max(1, Math.floor(100 / Math.max(1, targets.size)));
    return [...targets.values()].map(({ name: target, port }) => ({
      name: owner,
      ttl: TTL,
      type: 'SRV',
      data: { priority: 0, weight, port, target },
    }));
  }

  /** undefined: there is no such name. */
  #find(name: string, type: string): Found | undefined {
    const nothing = { ips: [] };
    const labels = name === this.#zone ? [] : name.slice(0, -this.#zone.length - 1).split('.');
    const kind = labels.pop();
    if (kind === undefined) return nothing;
    if (kind === 'dns-version' && labels.length === 0) return { ips: [], texts: ['1.1.0'] };
    if (kind === 'dns' && (labels.length === 0 || (labels.length === 1 && labels[0] === 'ns')))
      return nothing;
    if (kind !== 'svc' && kind !== 'pod') return undefined;
    const namespace = labels.pop();
    if (namespace === undefined) return nothing;
    if (!this.#view.hasNamespace(namespace)) return undefined;
    const leaf = labels.pop();
    if (leaf === undefined) return nothing;
    if (kind === 'pod') return labels.length === 0 ? podIps(leaf) : undefined;
    const service = this.#view.service(namespace, leaf);
    return service && this.#findService(service, `${leaf}.${namespace}.svc.${this.#zone}`, labels, type);
  }

  /** `labels`: what is before the Service's name: nothing, an endpoint, or `_PORT._PROTOCOL`. */
  #findService(
    service: ZoneService,
    name: string,
    labels: readonly string[],
    type: string,
  ): Found | undefined {
    const [first, second] = labels;
    if (service.externalName !== undefined)
      return labels.length === 0 ? aliasOf(service.externalName) : undefined;
    if (labels.length === 1 && first !== undefined && !first.startsWith('_')) {
      const endpoints = service.endpoints.filter(({ host }) => host.toLowerCase() === first);
      return endpoints.length > 0 ? foundIn(endpoints, name, () => true, type) : undefined;
    }
    if (labels.length > 2 || (labels.length === 2 && !(first?.startsWith('_') && second?.startsWith('_'))))
      return undefined;
    const matches = ({ name: port, protocol }: ZonePort) =>
      (first === undefined || labels.length < 2 || port.toLowerCase() === first.slice(1)) &&
      (labels.length === 0 || protocol === (second ?? first)?.slice(1));
    if (service.clusterIps.length === 0) {
      const found = foundIn(service.endpoints, name, matches, type);
      return found.ips.length > 0 ? found : undefined;
    }
    const ports = service.ports.filter(matches);
    if (ports.length === 0 && labels.length > 0) return undefined;
    const srv = service.clusterIps.flatMap((ip) => ports.map(({ port }) => ({ port, name, ip })));
    return { ips: service.clusterIps, srv };
  }

  #answered(answers: readonly ZoneRecord[], found?: Exclude<Found, { alias: string }>): ZoneAnswer {
    if (answers.length === 0) return this.#nothing('NOERROR');
    const targets = new Map(
      (answers[0]?.type === 'SRV' ? (found?.srv ?? []) : []).map((to) => [`${to.name} ${to.ip}`, to]),
    );
    const additionals = [...targets.values()].map(({ name, ip }) =>
      this.#record(name, isIPv4(ip) ? 'A' : 'AAAA', ip),
    );
    return { rcode: 'NOERROR', answers, authorities: [], additionals };
  }

  #nothing(rcode: ZoneAnswer['rcode']): ZoneAnswer {
    return { rcode, answers: [], authorities: [this.#soa()], additionals: [] };
  }

  #record(name: string, type: 'A' | 'AAAA' | 'CNAME' | 'PTR' | 'NS' | 'TXT', data: string): ZoneRecord {
    return { name, ttl: TTL, type, data };
  }

  /** Says how long a "no" may be remembered (RFC 2308): its minimum. */
  #soa(): ZoneRecord {
    const zone = this.#zone;
    const data = {
      mname: `ns.dns.${zone}`,
      rname: `hostmaster.${zone}`,
      serial: 1,
      refresh: 7200,
      retry: 1800,
      expire: 86_400,
      minimum: TTL,
    };
    return { name: zone, ttl: TTL, type: 'SOA', data };
  }
}

/** The addresses of endpoints, and where each of their ports is. */
function foundIn(
  endpoints: readonly ZoneEndpoint[],
  service: string,
  matches: (port: ZonePort) => boolean,
  type: string,
): { ips: readonly string[]; srv: readonly Target[] } {
  const ips = new Set<string>();
  const srv: Target[] = [];
  for (const { ip, host, ports } of endpoints) {
    const chosen = ports.filter(matches);
    if (chosen.length === 0 && ports.length > 0) continue;
    ips.add(ip);
    if (type === 'SRV')
      for (const { port } of chosen) srv.push({ port, name: `${host.toLowerCase()}.${service}`, ip });
  }
  return { ips: [...ips], srv };
}

/** A host name only: an address is no alias. */
function aliasOf(text: string): Found | undefined {
  const name = text.toLowerCase().replace(/\.$/, '');
  return isIPv4(name) || isIPv6(name) ? undefined : { alias: name };
}

/** `10-244-0-7` is that address, whoever has it, as with CoreDNS's `pods insecure`. */
function podIps(label: string): Found | undefined {
  const four = label.replaceAll('-', '.');
  const six = label.replaceAll('-', ':');
  if (isIPv4(four)) return { ips: [four] };
  return isIPv6(six) ? { ips: [six] } : undefined;
}

function reverseIp(name: string): string | undefined {
  const four = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/.exec(name);
  if (four) return four.slice(1, 5).reverse().join('.');
  return undefined;
}
