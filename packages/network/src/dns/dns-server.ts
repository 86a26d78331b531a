import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { DnsResponder, type ResponderOptions } from './dns-responder.ts';
import { framed } from './upstream.ts';

export interface DnsServerOptions extends ResponderOptions {
  /** Of the machine's end of a cluster's link, so that each cluster has its own. */
  readonly address: string;
  /** Default 53; 0: any, see `DnsServer.port`. */
  readonly port?: number;
  readonly limits?: Partial<DnsLimits>;
}

/** What one pod, or all together, may take. */
export interface DnsLimits {
  /** Questions that are being answered at once, over all; more are dropped. */
  readonly pending: number;
  /** The same for one client; names of the cluster are answered at once and do not count for long. */
  readonly pendingPerClient: number;
  readonly connections: number;
  readonly connectionsPerClient: number;
  /** Milliseconds without a question after which a connection is closed. */
  readonly idleMs: number;
}

const LIMITS: DnsLimits = {
  pending: 2000,
  pendingPerClient: 200,
  connections: 256,
  connectionsPerClient: 16,
  idleMs: 10_000,
};
/** No question is longer; RFC 1035 allows more, nobody needs it. */
const MAX_QUERY = 4096;

/** Cluster DNS on one address, over UDP and TCP. */
export class DnsServer {
  readonly #options: DnsServerOptions;
  readonly #responder: DnsResponder;
  readonly #limits: DnsLimits;
  readonly #pending = new Counter();
  readonly #connections = new Counter();
  readonly #sockets = new Set<Socket>();
  #udp: UdpSocket | undefined;
  #tcp: Server | undefined;

  constructor(options: DnsServerOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#responder = new DnsResponder(options);
  }

  get port(): number {
    return this.#udp?.address().port ?? 0;
  }

  /** Resolves when it answers; fails when the address or port cannot be had. */
  async start(): Promise<void> {
    const { address, port = 53 } = this.#options;
    try {
      this.#tcp = createServer((socket) => this.#serve(socket));
      this.#tcp.listen(port, address);
      await once(this.#tcp, 'listening');
      const { port: chosen } = this.#tcp.address() as { port: number };
      this.#udp = createSocket('udp4');
      this.#udp.bind(chosen, address);
      await once(this.#udp, 'listening');
    } catch (error) {
      await this.stop();
      throw error;
    }
    const udp = this.#udp;
    udp.on('message', (message, { address: client, port: to }) => {
      this.#answer(client, message, 'udp', (answer) => {
        if (this.#udp === udp) udp.send(answer, to, client);
      });
    });
    // a client that is gone
    udp.on('error', () => {});
  }

  /** May be called twice. */
  async stop(): Promise<void> {
    const udp = this.#udp;
    const tcp = this.#tcp;
    this.#udp = undefined;
    this.#tcp = undefined;
    for (const socket of this.#sockets) socket.destroy();
    if (udp) await new Promise<void>((resolve) => udp.close(resolve));
    if (tcp?.listening) await new Promise((resolve) => tcp.close(resolve));
  }

  #answer(client: string, message: Buffer, over: 'udp' | 'tcp', send: (answer: Buffer) => void): void {
    const { pending, pendingPerClient } = this.#limits;
    if (message.length > MAX_QUERY || !this.#pending.take(client, pendingPerClient, pending)) return;
    void this.#responder
      .respond(message, over)
      .then((answer) => answer && send(answer))
      .finally(() => this.#pending.release(client));
  }

  #serve(socket: Socket): void {
    const client = socket.remoteAddress ?? '';
    const { connections, connectionsPerClient, idleMs } = this.#limits;
    socket.on('error', () => {});
    if (!this.#connections.take(client, connectionsPerClient, connections)) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#connections.release(client);
    });
    socket.setTimeout(idleMs, () => socket.destroy());
    const frames = new Frames();
    socket.on('data', (chunk: Buffer) => {
      for (const message of frames.push(chunk) ?? []) {
        this.#answer(client, message, 'tcp', (answer) => socket.writable && socket.write(framed(answer)));
      }
      // a client that does not read its answers, or sends what is no question
      if (frames.isBroken || socket.writableLength > 1 << 20) socket.destroy();
    });
  }
}

/** Messages with their length before them. */
class Frames {
  #rest: Buffer = Buffer.alloc(0);
  isBroken = false;

  push(chunk: Buffer): Buffer[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const messages: Buffer[] = [];
    while (this.#rest.length >= 2) {
      const length = this.#rest.readUInt16BE(0);
      if (length > MAX_QUERY) {
        this.isBroken = true;
        break;
      }
      if (this.#rest.length < length + 2) break;
      messages.push(this.#rest.subarray(2, length + 2));
      this.#rest = this.#rest.subarray(length + 2);
    }
    return messages;
  }
}

/** How much each client and all together have. */
class Counter {
  readonly #each = new Map<string, number>();
  #all = 0;

  take(client: string, mostEach: number, mostAll: number): boolean {
    const count = this.#each.get(client) ?? 0;
    if (count >= mostEach || this.#all >= mostAll) return false;
    this.#each.set(client, count + 1);
    this.#all++;
    return true;
  }

  release(client: string): void {
    const count = (this.#each.get(client) ?? 1) - 1;
    if (count > 0) this.#each.set(client, count);
    else this.#each.delete(client);
    this.#all--;
  }
}
