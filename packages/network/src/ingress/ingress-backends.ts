import type { k8s } from '@sampan/api';
import { type EndpointSlice, nameOf, type Service } from '../services/objects.ts';
import { type Endpoint, EndpointIndex } from '../services/service-endpoints.ts';
import type { Ingress } from './objects.ts';

/** A port of a Service, to which the proxy sends requests. */
export interface IngressBackend {
  /** Safe in any configuration: letters, digits, `.`, `-`, `_`. */
  readonly id: string;
  /** What the pods speak (KEP-3726, `appProtocol`). */
  readonly protocol: 'http' | 'h2c' | 'https';
  /** A client stays with one pod (`sessionAffinity: ClientIP`). */
  readonly isSticky: boolean;
  /** As the machine reaches them. */
  readonly endpoints: readonly Endpoint[];
}

/** The backend of requests that a rule leads to nowhere: answered with 503. */
export const UNAVAILABLE = 'unavailable';

/** What a user has to mend. */
export interface IngressProblem {
  readonly ingress: Ingress;
  /** Of the Event. */
  readonly reason: string;
  readonly note: string;
}

export interface BackendSources {
  readonly services: Iterable<Service>;
  readonly slices: Iterable<EndpointSlice>;
  /** The address at which the machine reaches an endpoint; undefined: the proxy must not connect to it. */
  readonly reach: (ip: string) => string | undefined;
}

/** Collects the backends that Ingresses name, each once. */
export class BackendBook {
  readonly backends = new Map<string, IngressBackend>();
  readonly #services: ReadonlyMap<string, Service>;
  readonly #index: EndpointIndex;
  readonly #reach: BackendSources['reach'];
  readonly #problem: (problem: IngressProblem) => void;

  constructor({ services, slices, reach }: BackendSources, problem: (problem: IngressProblem) => void) {
    this.#services = new Map([...services].map((service) => [nameOf(service), service]));
    // which of them are on this node does not matter
    this.#index = new EndpointIndex(slices, '');
    this.#reach = reach;
    this.#problem = problem;
  }

  /** The id of the backend; `UNAVAILABLE` when there is none, which is a problem then. */
  of(ingress: Ingress, { service: wanted, resource }: k8s.IngressBackend): string {
    const fail = (reason: string, note: string): string => {
      this.#problem({ ingress, reason, note });
      return UNAVAILABLE;
    };
    if (resource !== undefined || wanted === undefined)
      return fail(
        'UnsupportedBackend',
        `A backend is the resource ${resource?.kind} ${resource?.name}; only Services are supported`,
      );
    const { metadata } = ingress;
    const service = this.#services.get(`${metadata.namespace ?? ''}/${wanted.name}`);
    if (!service) return fail('ServiceNotFound', `There is no Service ${wanted.name}`);
    if (service.spec?.type === 'ExternalName')
      return fail('UnsupportedBackend', `The Service ${wanted.name} is an ExternalName; it has no pods`);
    const port = portOf(service, wanted.port);
    if (!port)
      return fail(
        'ServicePortNotFound',
        `The Service ${wanted.name} has no TCP port ${wanted.port?.name ?? wanted.port?.number ?? ''}`,
      );
    return this.#put(service, port);
  }

  #put(service: Service, port: k8s.ServicePort): string {
    const { namespace = '', name = '' } = service.metadata;
    const id = `${namespace}_${name}_${port.port}`;
    if (!SAFE.test(id)) return UNAVAILABLE;
    if (!this.backends.has(id)) {
      const { all } = this.#index.of(nameOf(service), port.name ?? '', 'tcp');
      const endpoints = all.flatMap(({ ip, port: number }) => {
        const reached = this.#reach(ip);
        return reached === undefined ? [] : [{ ip: reached, port: number }];
      });
      const isSticky = service.spec?.sessionAffinity === 'ClientIP';
      this.backends.set(id, { id, protocol: protocolOf(port.appProtocol), isSticky, endpoints });
    }
    return id;
  }
}

/** Names that the API has let through are; whatever is not leads nowhere. */
const SAFE = /^[a-z0-9_.-]{1,200}$/;

function portOf({ spec }: Service, wanted: k8s.ServiceBackendPort | undefined): k8s.ServicePort | undefined {
  return (spec?.ports ?? []).find(
    ({ name, port, protocol = 'TCP' }) =>
      protocol === 'TCP' && (wanted?.name ? name === wanted.name : port === wanted?.number),
  );
}

function protocolOf(appProtocol: string | undefined): IngressBackend['protocol'] {
  if (appProtocol === 'kubernetes.io/h2c') return 'h2c';
  return appProtocol?.toLowerCase() === 'https' ? 'https' : 'http';
}
