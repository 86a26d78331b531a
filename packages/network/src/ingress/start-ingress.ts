import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { StatusError } from '@sampan/api';
import { type Clock, type Logger, messageOf, silentLogger, systemClock } from '@sampan/base';
import type { CertificateAuthority, Client } from '@sampan/machinery';
import { type ClusterNetwork, endpointAddressOf } from '../cluster/addresses.ts';
import { Burst } from '../shell/burst.ts';
import { defaultCertificate } from './default-certificate.ts';
import { haproxyFiles, type ProxyPorts } from './haproxy-config.ts';
import { HaproxyProcess } from './haproxy-process.ts';
import { INGRESS_CLASSES, IngressInformers } from './ingress-informers.ts';
import { type IngressPlan, planIngress } from './ingress-plan.ts';
import { IngressStatus } from './ingress-status.ts';
import { INGRESS_CONTROLLER, ingressesOf } from './objects.ts';
import { choosePorts, rememberedPorts } from './proxy-ports.ts';
import type { ProxyUser } from './proxy-user.ts';
import { assignAll, type Slots, slotCommands } from './server-slots.ts';

export interface StartIngressOptions {
  /**
   * Reads Ingresses, IngressClasses, Services, EndpointSlices and Secrets of type kubernetes.io/tls; makes the
   * IngressClass; writes the status of Ingresses and Events.
   */
  readonly client: Client;
  /** `ensureNetwork` has made it. */
  readonly network: ClusterNetwork;
  /** What is remembered: ports, and the certificate of hosts that bring none. */
  readonly folder: string;
  /**
   * Of the proxy: configuration and socket; empty after a reboot is best. The user must be able to go there, and the
   * path must be short enough for a socket.
   */
  readonly runFolder: string;
  /** Who the proxy runs as (`haproxyUser`); the caller must be root then. Default: as who calls. */
  readonly user?: () => Promise<ProxyUser>;
  /** Addresses of the machine to listen at. Default: loopback, IPv4 and IPv6 (browsers use either for *.localhost). */
  readonly addresses?: readonly string[];
  /** Tried before 80 and 443, 8080 and 8443, and others. Default: those of the last time. */
  readonly ports?: ProxyPorts;
  /** Ports that lead elsewhere, though nobody listens there. Default: none. */
  readonly isTaken?: (port: number) => boolean;
  /**
   * May the proxy connect to an endpoint that is no pod of the cluster's network? Default: no. Loopback, link-local
   * addresses and other clusters are never reached.
   */
  readonly mayReach?: (ip: string) => boolean;
  /** Signs the certificate of hosts that bring none. Default: it signs itself. */
  readonly authority?: CertificateAuthority;
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Milliseconds in which changes come together before one update. Default 20. */
  readonly gatherMs?: number;
}

/** The Ingresses of a cluster, served. */
export interface RunningIngress {
  /** Resolves when the Ingresses that there are are served; at once when there are none. */
  readonly ready: Promise<void>;
  /** undefined: there is no Ingress yet, so nothing runs. */
  readonly ports: ProxyPorts | undefined;
  /** `leave`: the proxy goes on until the next `startIngress` of the folder takes it over. May be called twice. */
  stop(how: 'leave' | 'end'): Promise<void>;
}

const CLASS_NAME = 'sampan';
const LOOPBACK = ['127.0.0.1', '::1'];

/** Starts following the API. The proxy starts with the first Ingress, and goes when the last is gone. */
export function startIngress(options: StartIngressOptions): RunningIngress {
  const follower = new IngressFollower(options);
  const ready = follower.start();
  const log = options.log ?? silentLogger;
  ready.catch((error: unknown) => log.error('Ingress did not start', { error: messageOf(error) }));
  return {
    ready,
    get ports() {
      return follower.ports;
    },
    stop: (how) => follower.stop(how),
  };
}

/** Ends the proxy of a `runFolder` that nobody follows the API for any more. It need not be there. */
export async function endIngress(folder: string): Promise<void> {
  const proxy = new HaproxyProcess({ folder, isLow: () => false, clock: systemClock, log: silentLogger });
  await proxy.stop('end');
}

class IngressFollower {
  readonly #options: StartIngressOptions;
  readonly #clock: Clock;
  readonly #addresses: readonly string[];
  readonly #informers: IngressInformers;
  readonly #burst: Burst;
  readonly #proxy: HaproxyProcess;
  readonly #status: IngressStatus;
  #ports: ProxyPorts | undefined;
  /** What the proxy does; undefined: not known. */
  #present: { readonly shape: string; readonly slots: ReadonlyMap<string, Slots> } | undefined;
  #hasClass = false;
  #isStopped = false;

  constructor(options: StartIngressOptions) {
    const { client, runFolder, user, clock = systemClock, log = silentLogger, gatherMs = 20 } = options;
    this.#options = options;
    this.#clock = clock;
    this.#addresses = options.addresses ?? LOOPBACK;
    this.#informers = new IngressInformers(client, clock, log);
    this.#burst = new Burst(() => this.#update(), { clock, log, gatherMs });
    const isLow = () => this.#ports !== undefined && Math.min(this.#ports.http, this.#ports.https) < 1024;
    this.#proxy = new HaproxyProcess({ folder: runFolder, user, isLow, clock, log });
    this.#status = new IngressStatus({ client, clock, log });
  }

  get ports(): ProxyPorts | undefined {
    return this.#ports;
  }

  async start(): Promise<void> {
    await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
    this.#informers.onChange(() => void this.#burst.change());
    await this.#informers.start();
    if (this.#isStopped) return;
    const first = this.#burst.change();
    this.#burst.open();
    await first;
  }

  async stop(how: 'leave' | 'end'): Promise<void> {
    this.#isStopped = true;
    this.#informers.stop();
    await this.#burst.stop();
    this.#status.stop();
    await this.#proxy.stop(how);
  }

  async #update(): Promise<void> {
    await this.#ensureClass();
    const { ingresses, classes, services, slices, secrets } = this.#informers;
    const ours = ingressesOf(ingresses.list(), classes.list());
    if (ours.length === 0) {
      await this.#rest();
      return;
    }
    await this.#informers.startRest();
    if (this.#isStopped) return;
    const plan = planIngress(ours, {
      services: services.list(),
      slices: slices.list(),
      secrets: secrets.list(),
      reach: (ip) => endpointAddressOf(this.#options.network, ip, this.#options.mayReach),
    });
    this.#status.tell(plan.problems);
    const ports = await this.#choosePorts();
    await this.#serve(plan, ports).catch((error: unknown) => {
      const note = messageOf(error);
      this.#status.tell(ours.map((ingress) => ({ ingress, reason: 'ProxyNotAvailable', note })));
      throw error;
    });
    await this.#status.announce(ours, this.#addresses[0] ?? '', ports);
  }

  /** Nothing to serve. */
  async #rest(): Promise<void> {
    this.#status.tell([]);
    this.#present = undefined;
    this.#ports = undefined;
    await this.#proxy.rest();
  }

  async #serve(plan: IngressPlan, ports: ProxyPorts): Promise<void> {
    const { folder, authority } = this.#options;
    const settings = {
      addresses: this.#addresses,
      ports,
      threads: Math.min(2, availableParallelism()),
      defaultCertificate: await defaultCertificate(folder, this.#clock.now(), authority),
    };
    const before = this.#present;
    const slots = assignAll(before?.slots ?? new Map(), plan.backends.values());
    const shape = JSON.stringify([...haproxyFiles(plan, emptied(slots), settings)]);
    const files = haproxyFiles(plan, slots, settings);
    // until it is done nobody knows which of the two it is
    this.#present = undefined;
    if (before?.shape === shape) {
      const commands = slotCommands(before.slots, slots);
      if (commands.length > 0) {
        await this.#proxy.command(commands);
        await this.#proxy.keep(files);
      }
    } else await this.#proxy.serve(files);
    this.#present = { shape, slots };
  }

  async #choosePorts(): Promise<ProxyPorts> {
    if (this.#ports) return this.#ports;
    const { folder, ports: preferred, isTaken } = this.#options;
    const isRunning = await this.#proxy.isRunning();
    const last = isRunning ? await rememberedPorts(folder) : undefined;
    this.#ports = last ?? (await choosePorts(folder, this.#addresses, { preferred, isTaken }));
    return this.#ports;
  }

  /** Once. The class is the default one unless somebody says otherwise; one that is there is left as it is. */
  async #ensureClass(): Promise<void> {
    if (this.#hasClass) return;
    const annotations = { 'ingressclass.kubernetes.io/is-default-class': 'true' };
    await this.#options.client
      .create(INGRESS_CLASSES, {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'IngressClass',
        metadata: { name: CLASS_NAME, annotations },
        spec: { controller: INGRESS_CONTROLLER },
      })
      .catch((error: unknown) => {
        if (!(error instanceof StatusError && error.reason === 'AlreadyExists')) throw error;
      });
    this.#hasClass = true;
  }
}

const emptied = (slots: ReadonlyMap<string, Slots>): ReadonlyMap<string, Slots> =>
  new Map([...slots].map(([id, places]) => [id, places.map(() => undefined)]));
