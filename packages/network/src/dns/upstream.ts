import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { type Clock, SampanError, systemClock } from '@sampan/base';
import {
  answersQuestion,
  encodeQuery,
  isTruncated,
  type Relayed,
  rcodeOf,
  takeApart,
  wantsChecksOff,
} from './relay.ts';
import { MalformedMessage, type Query, RCODE } from './wire.ts';

export interface UpstreamServer {
  readonly address: string;
  /** Default 53. */
  readonly port?: number;
}

export interface UpstreamOptions {
  /** Asked in this order, each after the one before did not answer. Empty: names outside are not found. */
  readonly servers: readonly UpstreamServer[];
  readonly clock?: Clock;
  /** Milliseconds for one server. Default 2000. */
  readonly timeoutMs?: number;
  /** Questions on their way at once; more fail at once. Default 512. */
  readonly maxPending?: number;
  /** Answers that are remembered. Default 10,000. */
  readonly maxCached?: number;
}

export interface UpstreamAnswer {
  readonly relayed: Relayed;
  /** How long it has been remembered. */
  readonly ageSeconds: number;
}

/** Longer TTLs are taken for this. */
const MAX_TTL_SECONDS = 3600;
/** RFC 2308 section 5 and 7: how long a "no" and a failure are remembered. */
const MAX_NEGATIVE_SECONDS = 60;
/** Per entry: larger answers are not remembered, so that the cache stays below about 40 MB. */
const MAX_CACHED_BYTES = 4096;

interface Cached {
  readonly relayed: Relayed;
  readonly since: number;
  readonly until: number;
}

/**
 * Asks others for names that are not the cluster's: over UDP from a new port for every question, then over TCP when
 * the answer did not fit. The same question of many clients is asked once, and remembered for its TTL.
 */
export class Upstream {
  readonly #options: Required<UpstreamOptions>;
  readonly #cache = new Map<string, Cached>();
  readonly #pending = new Map<string, Promise<Relayed>>();

  constructor(options: UpstreamOptions) {
    this.#options = { clock: systemClock, timeoutMs: 2000, maxPending: 512, maxCached: 10_000, ...options };
  }

  /** Fails with `dns-upstream` when no server answers. */
  async ask(query: Query): Promise<UpstreamAnswer> {
    const { clock } = this.#options;
    const key = `${query.question.toString('latin1').toLowerCase()}${query.edns?.dnssec ? 'D' : ''}${wantsChecksOff(query) ? 'C' : ''}`;
    const cached = this.#cache.get(key);
    const now = clock.monotonic();
    if (cached && now < cached.until)
      return { relayed: cached.relayed, ageSeconds: Math.floor((now - cached.since) / 1000) };
    const running = this.#pending.get(key);
    if (running) return { relayed: await running, ageSeconds: 0 };
    if (this.#pending.size >= this.#options.maxPending)
      throw new SampanError('dns-upstream', 'too many questions are open');
    const asked = this.#askServers(query).finally(() => this.#pending.delete(key));
    this.#pending.set(key, asked);
    const relayed = await asked;
    this.#remember(key, relayed);
    return { relayed, ageSeconds: 0 };
  }

  async #askServers(query: Query): Promise<Relayed> {
    let refused: Relayed | undefined;
    let cause: unknown;
    for (const server of this.#options.servers) {
      try {
        const relayed = await this.#askServer(server, query);
        const rcode = rcodeOf(relayed.message);
        if (rcode === RCODE.NOERROR || rcode === RCODE.NXDOMAIN) return relayed;
        refused = relayed;
      } catch (error) {
        cause = error;
      }
    }
    if (refused) return refused;
    throw new SampanError('dns-upstream', 'no name server outside of the cluster answered', { cause });
  }

  async #askServer(server: UpstreamServer, query: Query): Promise<Relayed> {
    const id = randomInt(65_536);
    const message = encodeQuery(id, query);
    const accepts = (answer: Buffer) => answersQuestion(answer, id, query.question);
    const { timeoutMs } = this.#options;
    let answer = await askOverUdp(server, message, accepts, timeoutMs);
    if (isTruncated(answer)) answer = await askOverTcp(server, message, accepts, timeoutMs);
    return takeApart(answer, query.question);
  }

  #remember(key: string, relayed: Relayed): void {
    const { clock, maxCached } = this.#options;
    const rcode = rcodeOf(relayed.message);
    if ((rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) || relayed.message.length > MAX_CACHED_BYTES)
      return;
    const most = relayed.hasAnswers ? MAX_TTL_SECONDS : MAX_NEGATIVE_SECONDS;
    const seconds = Math.min(relayed.lowestTtl ?? 0, most);
    if (seconds <= 0) return;
    const since = clock.monotonic();
    this.#cache.delete(key);
    this.#cache.set(key, { relayed, since, until: since + seconds * 1000 });
    // the oldest go first
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= maxCached) break;
      this.#cache.delete(oldest);
    }
  }
}

type Accepts = (answer: Buffer) => boolean;

function askOverUdp(
  server: UpstreamServer,
  message: Buffer,
  accepts: Accepts,
  timeoutMs: number,
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const socket = createSocket(server.address.includes(':') ? 'udp6' : 'udp4');
  const timer = setTimeout(() => reject(new Error(`${server.address} did not answer in time`)), timeoutMs);
  socket.on('error', reject);
  // others may send to this port as well: what does not fit is as if it had not come
  socket.on('message', (answer) => accepts(answer) && resolve(answer));
  socket.connect(server.port ?? 53, server.address, () =>
    socket.send(message, (error) => error && reject(error)),
  );
  return promise.finally(() => {
    clearTimeout(timer);
    socket.close();
  });
}

function askOverTcp(
  server: UpstreamServer,
  message: Buffer,
  accepts: Accepts,
  timeoutMs: number,
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const socket = connect({ host: server.address, port: server.port ?? 53 });
  const timer = setTimeout(
    () => reject(new Error(`${server.address} did not answer in time over TCP`)),
    timeoutMs,
  );
  const chunks: Buffer[] = [];
  let received = 0;
  socket.on('error', reject);
  socket.on('end', () => reject(new Error(`${server.address} closed the connection`)));
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    received += chunk.length;
    if (received < 2) return;
    const all = Buffer.concat(chunks);
    const length = all.readUInt16BE(0);
    if (received < length + 2) return;
    const answer = all.subarray(2, length + 2);
    if (accepts(answer)) resolve(answer);
    else reject(new MalformedMessage());
  });
  socket.write(framed(message));
  return promise.finally(() => {
    clearTimeout(timer);
    socket.destroy();
  });
}

/** RFC 1035 section 4.2.2. */
export function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** The name servers of a resolv.conf(5). */
export function parseResolvConf(text: string): UpstreamServer[] {
  return [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, address = '']) => ({
    address: address.replace(/%.*$/, ''),
  }));
}
