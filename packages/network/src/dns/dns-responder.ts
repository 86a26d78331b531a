import { type Logger, messageOf, silentLogger } from '@sampan/base';
import { decode } from 'dns-packet';
import { rcodeOf, relay } from './relay.ts';
import type { Upstream } from './upstream.ts';
import {
  encodeFormatError,
  encodeResponse,
  isResponse,
  MalformedMessage,
  opcodeOf,
  parseQuery,
  type Query,
  RCODE,
  type Rcode,
  type Response,
  sizeLimit,
} from './wire.ts';
import { type ZoneAnswer, ZoneAnswers, type ZoneRecord } from './zone-answers.ts';
import type { ZoneView } from './zone-view.ts';

export interface ResponderOptions {
  readonly view: ZoneView;
  readonly upstream: Upstream;
  /** Default `cluster.local`. */
  readonly zone?: string;
  readonly log?: Logger;
}

/** Types that zone data is of; others are forwarded, or "none" within the zone. */
const TYPES: ReadonlyMap<number, string> = new Map([
  [1, 'A'],
  [2, 'NS'],
  [5, 'CNAME'],
  [6, 'SOA'],
  [12, 'PTR'],
  [16, 'TXT'],
  [28, 'AAAA'],
  [33, 'SRV'],
  // "any" may be answered with one of all (RFC 8482)
  [255, 'A'],
]);
/** AXFR and IXFR: whole zones are nobody's business. */
const TRANSFERS = new Set([251, 252]);
const IN = 1;
const MAX_TCP = 65_535;

/** Makes an answer of a message, whatever carried it. */
export class DnsResponder {
  readonly #answers: ZoneAnswers;
  readonly #upstream: Upstream;
  readonly #log: Logger;

  constructor({ view, upstream, zone = 'cluster.local', log = silentLogger }: ResponderOptions) {
    this.#answers = new ZoneAnswers(view, zone);
    this.#upstream = upstream;
    this.#log = log;
  }

  /** undefined: such a message gets no answer (else two servers could answer each other for ever). Does not fail. */
  async respond(message: Buffer, over: 'udp' | 'tcp'): Promise<Buffer | undefined> {
    if (message.length < 12 || isResponse(message)) return undefined;
    let query: Query;
    try {
      query = parseQuery(message);
    } catch (error) {
      if (!(error instanceof MalformedMessage))
        this.#log.error('a DNS query failed', { error: messageOf(error) });
      return encodeFormatError(message);
    }
    const limit = over === 'tcp' ? MAX_TCP : sizeLimit(query);
    const refusal = refusalOf(query);
    if (refusal !== undefined) return encodeResponse(query, { rcode: refusal }, limit);
    const found = query.name === undefined ? undefined : this.#inZone(query);
    try {
      if (!found) return await this.#relayed(query, limit);
      return encodeResponse(
        query,
        found.follow === undefined ? responseOf(found) : await this.#followed(query, found),
        limit,
      );
    } catch (error) {
      this.#log.debug('a name could not be resolved', { name: query.name, error: messageOf(error) });
      return encodeResponse(query, { rcode: RCODE.SERVFAIL }, limit);
    }
  }

  #inZone({ name = '', type }: Query): ZoneAnswer | undefined {
    return this.#answers.answer(name, TYPES.get(type) ?? 'NONE');
  }

  async #relayed(query: Query, limit: number): Promise<Buffer> {
    const { relayed, ageSeconds } = await this.#upstream.ask(query);
    return relay(relayed, query, ageSeconds, limit);
  }

  /** An ExternalName's addresses are looked up here: many resolvers do not do it themselves. */
  async #followed(query: Query, found: ZoneAnswer): Promise<Response> {
    const name = found.follow ?? '';
    const labels = name.split('.').map((label) => Buffer.from(label, 'latin1'));
    if (name.length > 253 || labels.some(({ length }) => length === 0 || length > 63))
      return { ...responseOf(found), authoritative: false };
    const question = Buffer.concat([
      ...labels.flatMap((label) => [Buffer.from([label.length]), label]),
      Buffer.from([0]),
      query.question.subarray(-4),
    ]);
    const { relayed } = await this.#upstream.ask({ ...query, name, question });
    const records = (decode(relayed.message).answers ?? []).flatMap(addressRecord);
    const rcode = rcodeOf(relayed.message) === RCODE.NXDOMAIN ? RCODE.NXDOMAIN : RCODE.NOERROR;
    return { rcode, answers: [...found.answers, ...records] };
  }
}

function refusalOf({ flags, edns, type, class: kind }: Query): Rcode | undefined {
  if (opcodeOf(flags) !== 0) return RCODE.NOTIMP;
  if (edns && edns.version !== 0) return RCODE.BADVERS;
  return kind !== IN || TRANSFERS.has(type) ? RCODE.REFUSED : undefined;
}

const responseOf = ({ rcode, answers, authorities, additionals }: ZoneAnswer): Response => ({
  rcode: RCODE[rcode],
  authoritative: true,
  answers,
  authorities,
  additionals,
});

function addressRecord(
  record: ReturnType<typeof decode>['answers'] extends (infer T)[] | undefined ? T : never,
): ZoneRecord[] {
  if (record.type !== 'A' && record.type !== 'AAAA' && record.type !== 'CNAME') return [];
  const { name, type, data, ttl = 0 } = record;
  return [{ name, type, data, ttl: Math.min(ttl, 30) }];
}
