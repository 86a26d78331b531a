import { type Answer, encode } from 'dns-packet';
import type { ZoneRecord } from './zone-answers.ts';

/** What RFC 1035 section 4 and RFC 6891 say of messages, as far as a server and a forwarder must look into them. */
export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
} as const;
export type Rcode = (typeof RCODE)[keyof typeof RCODE];

export const HEADER_LENGTH = 12;
export const FLAG = {
  response: 0x8000,
  authoritative: 0x0400,
  truncated: 0x0200,
  recursionDesired: 0x0100,
  recursionAvailable: 0x0080,
  checkingDisabled: 0x0010,
};
export const OPT = 41;
const DNSSEC_OK = 0x8000;
/** Without EDNS nobody takes more than this in a datagram. */
const PLAIN_SIZE = 512;
/** More would be cut into fragments on the way (DNS flag day 2020). */
export const EDNS_SIZE = 1232;

export interface Query {
  readonly id: number;
  readonly flags: number;
  /** Lower case, without a dot at the end; undefined: a label has bytes that no name of a cluster has. */
  readonly name: string | undefined;
  readonly type: number;
  readonly class: number;
  /** As it came: name, type and class. */
  readonly question: Buffer;
  readonly edns: { readonly size: number; readonly version: number; readonly dnssec: boolean } | undefined;
}

export class MalformedMessage extends Error {}

export const opcodeOf = (flags: number): number => (flags >> 11) & 15;
export const isResponse = (message: Buffer): boolean =>
  message.length >= HEADER_LENGTH && (message.readUInt16BE(2) & FLAG.response) !== 0;

/** How large a datagram the client takes. */
export const sizeLimit = ({ edns }: Query): number =>
  edns ? Math.min(Math.max(edns.size, PLAIN_SIZE), EDNS_SIZE) : PLAIN_SIZE;

/** Throws MalformedMessage. */
export function parseQuery(message: Buffer): Query {
  if (message.length < HEADER_LENGTH || message.readUInt16BE(4) !== 1) throw new MalformedMessage();
  const nameEnd = skipName(message, HEADER_LENGTH, false);
  if (nameEnd + 4 > message.length) throw new MalformedMessage();
  let edns: Query['edns'];
  for (const { type, offset } of records(message, nameEnd + 4)) {
    if (type !== OPT) continue;
    const flags = message.readUInt16BE(offset + 6);
    edns = {
      size: message.readUInt16BE(offset + 2),
      version: message[offset + 5] ?? 0,
      dnssec: (flags & DNSSEC_OK) !== 0,
    };
  }
  return {
    id: message.readUInt16BE(0),
    flags: message.readUInt16BE(2),
    name: nameText(message, HEADER_LENGTH),
    type: message.readUInt16BE(nameEnd),
    class: message.readUInt16BE(nameEnd + 2),
    question: Buffer.from(message.subarray(HEADER_LENGTH, nameEnd + 4)),
    edns,
  };
}

export interface Response {
  readonly rcode: Rcode;
  readonly authoritative?: boolean;
  readonly answers?: readonly ZoneRecord[];
  readonly authorities?: readonly ZoneRecord[];
  /** Left out when they do not fit. */
  readonly additionals?: readonly ZoneRecord[];
}

/** `limit`: bytes; what is longer is cut, and says so, for the client to come back over TCP. */
export function encodeResponse(query: Query, response: Response, limit: number): Buffer {
  const { answers = [], authorities = [], additionals = [] } = response;
  const opt = query.edns ? optRecord(response.rcode) : Buffer.alloc(0);
  const room = limit - HEADER_LENGTH - query.question.length - opt.length;
  const main = [...answers, ...authorities].map((record) => encodeRecord(record, query));
  const extra = additionals.map((record) => encodeRecord(record, query));
  const isCut = lengthOf(main) > room;
  const taken = isCut ? [] : main;
  const more = !isCut && lengthOf(main) + lengthOf(extra) <= room ? extra : [];
  const header = Buffer.alloc(HEADER_LENGTH);
  header.writeUInt16BE(query.id, 0);
  const flags =
    FLAG.response |
    FLAG.recursionAvailable |
    (query.flags & FLAG.recursionDesired) |
    (query.flags & 0x7800) |
    (response.authoritative ? FLAG.authoritative : 0) |
    (isCut ? FLAG.truncated : 0) |
    (response.rcode & 15);
  header.writeUInt16BE(flags, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(isCut ? 0 : answers.length, 6);
  header.writeUInt16BE(isCut ? 0 : authorities.length, 8);
  header.writeUInt16BE(more.length + (query.edns ? 1 : 0), 10);
  return Buffer.concat([header, query.question, ...taken, ...more, opt]);
}

/** For a message in which not even a question can be found. */
export function encodeFormatError(message: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_LENGTH);
  message.copy(header, 0, 0, 2);
  header.writeUInt16BE(FLAG.response | RCODE.FORMERR, 2);
  return header;
}

/** As dns-packet writes it, but the name that was asked for is a pointer. */
function encodeRecord(record: ZoneRecord, query: Query): Buffer {
  // the name that was asked for is there already: RFC 1035 section 4.1.4
  const owner = record.name === query.name ? Buffer.from([0xc0, HEADER_LENGTH]) : undefined;
  const answer = { class: 'IN', ...record } as Answer;
  const whole = encode({ type: 'response', answers: [answer] }).subarray(HEADER_LENGTH);
  return owner ? Buffer.concat([owner, whole.subarray(skipName(whole, 0, false))]) : whole;
}

export function optRecord(rcode: number, dnssec = false): Buffer {
  const record = Buffer.alloc(11);
  record.writeUInt16BE(OPT, 1);
  record.writeUInt16BE(EDNS_SIZE, 3);
  record[5] = rcode >> 4;
  record.writeUInt16BE(dnssec ? DNSSEC_OK : 0, 7);
  return record;
}

const lengthOf = (buffers: readonly Buffer[]): number => buffers.reduce((sum, { length }) => sum + length, 0);

interface FoundRecord {
  readonly type: number;
  readonly start: number;
  /** Of the type. */
  readonly offset: number;
  readonly end: number;
  /** Of an SOA record: its minimum (RFC 2308). */
  readonly negativeTtl: number | undefined;
}

export function* records(message: Buffer, first: number): Iterable<FoundRecord> {
  const count = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  let start = first;
  for (let i = 0; i < count; i++) {
    const offset = skipName(message, start, true);
    if (offset + 10 > message.length) throw new MalformedMessage();
    const end = offset + 10 + message.readUInt16BE(offset + 8);
    if (end > message.length) throw new MalformedMessage();
    const type = message.readUInt16BE(offset);
    yield { type, start, offset, end, negativeTtl: type === 6 ? message.readUInt32BE(end - 4) : undefined };
    start = end;
  }
}

/** Where the name ends. Pointers are not followed: they end it. */
function skipName(message: Buffer, start: number, mayPoint: boolean): number {
  let offset = start;
  for (;;) {
    const length = message[offset];
    if (length === undefined || offset - start > 254) throw new MalformedMessage();
    if (length === 0) return offset + 1;
    if (length >= 0xc0 && mayPoint && offset + 2 <= message.length) return offset + 2;
    if (length > 63) throw new MalformedMessage();
    offset += length + 1;
  }
}

function nameText(message: Buffer, start: number): string | undefined {
  const labels: string[] = [];
  for (let offset = start; message[offset] !== 0; offset += (message[offset] ?? 0) + 1) {
    const label = message.toString('latin1', offset + 1, offset + 1 + (message[offset] ?? 0));
    if (!/^[\w-]+$/.test(label)) return undefined;
    labels.push(label.toLowerCase());
  }
  return labels.join('.');
}
