import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import type { ApiService } from '@sampan/api';
import type { ServiceDialer } from '../webhooks/service-dialer.ts';
import type { FrontProxy } from './front-proxy.ts';

const IDLE_MS = 60_000;
const MAX_IDLE = 16;
const DEFAULT_PORT = 443;

/** An API version that another server serves, and the connections to it. */
export class RemoteVersion {
  /** As last seen; its spec is the same for as long as this lasts. */
  service: ApiService;
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
  readonly #dialer: ServiceDialer;
  readonly #agent: Agent;
  readonly #options: RequestOptions;

  constructor(service: ApiService, dialer: ServiceDialer, proxy: FrontProxy) {
    const { group = '', version = '', service: target, caBundle, insecureSkipTLSVerify } = service.spec;
    this.service = service;
    this.group = group;
    this.version = version;
    this.namespace = target?.namespace ?? '';
    this.name = target?.name ?? '';
    this.port = target?.port ?? DEFAULT_PORT;
    this.#dialer = dialer;
    this.#agent = new Agent({ keepAlive: true, maxFreeSockets: MAX_IDLE, timeout: IDLE_MS });
    this.#options = {
      agent: this.#agent,
      servername: `${this.name}.${this.namespace}.svc`,
      cert: proxy.certificate,
      key: proxy.key,
      ...(caBundle ? { ca: Buffer.from(caBundle, 'base64').toString('utf8') } : {}),
      ...(insecureSkipTLSVerify ? { rejectUnauthorized: false } : {}),
    };
  }

  /** `/apis/GROUP/VERSION`; of the core group `/api/v1`. */
  get path(): string {
    return this.group === '' ? `/api/${this.version}` : `/apis/${this.group}/${this.version}`;
  }

  /** Is it there, as far as was last seen? */
  get available(): boolean {
    return (
      this.service.status?.conditions?.some(
        ({ type, status }) => type === 'Available' && status === 'True',
      ) ?? false
    );
  }

  /**
   * Sends a request; `body` streams it. Resolves when the answer begins; rejects when the server cannot be reached.
   * `unverified`: whoever answers, for checks that send nothing secret.
   */
  async send(
    method: string,
    path: string,
    headers: OutgoingHttpHeaders,
    body: (outgoing: ReturnType<typeof request>) => void,
    { signal, unverified = false }: { signal?: AbortSignal; unverified?: boolean } = {},
  ): Promise<IncomingMessage> {
    const { address, port } = await this.#dialer.service(this.namespace, this.name, this.port);
    return new Promise((resolve, reject) => {
      const outgoing = request({
        ...this.#options,
        ...(unverified ? { rejectUnauthorized: false } : {}),
        ...(signal ? { signal } : {}),
        method,
        host: address,
        port,
        path,
        headers: { host: `${this.name}.${this.namespace}.svc:${this.port}`, ...headers },
      });
      outgoing.on('response', resolve);
      outgoing.on('error', reject);
      body(outgoing);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
