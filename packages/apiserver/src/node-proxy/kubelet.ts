import { request as httpRequest, type IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import { connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls';
import { errors } from '@sampan/api';
import { messageOf } from '@sampan/base';
import { answerFailure, textOf } from './answer-text.ts';
import type { AgentRequest, NodeAnswerer, StreamAddress, StreamAsked } from './contract.ts';

export interface KubeletOptions {
  /** The node's name. */
  readonly node: string;
  /** An IP address that the machine's owner lets the cluster call. */
  readonly address: string;
  /** PEM; of the cluster's authorities, which sign kubelets' serving certificates. */
  readonly ca: string;
  /** PEM; by which kubelets know the API server. */
  readonly certificate: string;
  readonly key: string;
  /** Default 10250, the only one that is called: whoever may write Nodes could name any other. */
  readonly port?: number;
}

const KUBELET_PORT = 10250;
const CONNECT_TIMEOUT_MS = 10_000;
const PATHS = { exec: 'exec', attach: 'attach', portforward: 'portForward' } as const;

/**
 * A kubelet on another machine (its HTTPS API, kubernetes pkg/kubelet/server). Nothing is sent before its certificate
 * proved that it is this very node of this cluster: tenants write the addresses.
 */
export class Kubelet implements NodeAnswerer {
  readonly #options: KubeletOptions;

  constructor(options: KubeletOptions) {
    this.#options = options;
  }

  async send({ method, path, headers = {}, body }: AgentRequest): Promise<IncomingMessage> {
    const socket = await this.#dial();
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        { createConnection: () => socket, method, path, headers: { ...headers, host: this.#host } },
        (answer) => {
          answer.once('close', () => socket.destroy());
          resolve(answer);
        },
      );
      request.on('error', (error) => {
        socket.destroy();
        reject(this.#unreachable(error));
      });
      if (typeof body === 'object') body.pipe(request);
      else request.end(body);
    });
  }

  async get(path: string): Promise<IncomingMessage> {
    const answer = await this.send({ method: 'GET', path });
    if (answer.statusCode === 200) return answer;
    throw answerFailure(answer.statusCode ?? 500, await textOf(answer));
  }

  async stream(kind: keyof typeof PATHS, asked: StreamAsked): Promise<StreamAddress> {
    const place = [asked.namespace, asked.name, ...(asked.container ? [asked.container] : [])];
    const path = [PATHS[kind], ...place.map(encodeURIComponent)].join('/');
    const url = new URL(`https://${this.#host}/${path}`);
    for (const word of asked.command ?? []) url.searchParams.append('command', word);
    for (const [name, parameter] of STREAM_PARAMETERS)
      if (asked[name]) url.searchParams.append(parameter, '1');
    for (const port of asked.ports ?? []) url.searchParams.append('port', String(port));
    return { url, socket: await this.#dial() };
  }

  get #host(): string {
    const { address, port = KUBELET_PORT } = this.#options;
    return `${isIPv6(address) ? `[${address}]` : address}:${port}`;
  }

  /** Resolves when the other end is known. */
  #dial(): Promise<TLSSocket> {
    const { address, port = KUBELET_PORT, ca, certificate, key } = this.#options;
    return new Promise((resolve, reject) => {
      const socket = connectTls({
        ...{ host: address, port, ca, cert: certificate, key },
        checkServerIdentity: (_host, peer) => this.#check(peer),
      });
      const fail = (error: Error): void => {
        clearTimeout(deadline);
        socket.destroy();
        reject(this.#unreachable(error));
      };
      const deadline = setTimeout(() => fail(new Error('no connection in time')), CONNECT_TIMEOUT_MS);
      socket.once('error', fail);
      socket.once('secureConnect', () => {
        clearTimeout(deadline);
        socket.off('error', fail);
        resolve(socket);
      });
    });
  }

  /** Addresses in certificates say nothing here: nodes choose theirs. The name is what the cluster's authority gave. */
  #check({ subject }: PeerCertificate): Error | undefined {
    const isIt = subject.CN === `system:node:${this.#options.node}` && subject.O === 'system:nodes';
    return isIt ? undefined : new Error('it has the certificate of somebody else');
  }

  #unreachable(error: unknown) {
    const { node } = this.#options;
    return errors.serviceUnavailable(
      `the kubelet of node ${JSON.stringify(node)} at ${this.#host} does not answer: ${messageOf(error)}`,
    );
  }
}

/** Kubernetes core/v1 ExecStdinParam and the like. */
const STREAM_PARAMETERS = [
  ['stdin', 'input'],
  ['stdout', 'output'],
  ['stderr', 'error'],
  ['tty', 'tty'],
] as const;
