import { FLAG, HEADER_LENGTH, isResponse, OPT, optRecord, type Query, records } from './wire.ts';

export const rcodeOf = (message: Buffer): number => message.readUInt16BE(2) & 15;
export const isTruncated = (message: Buffer): boolean => (message.readUInt16BE(2) & FLAG.truncated) !== 0;
export const wantsChecksOff = ({ flags }: Query): boolean => (flags & FLAG.checkingDisabled) !== 0;

/** A query of our own for what a client asks. */
export function encodeQuery(id: number, query: Query): Buffer {
  const header = Buffer.alloc(HEADER_LENGTH);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(FLAG.recursionDesired | (query.flags & FLAG.checkingDisabled), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(1, 10);
  return Buffer.concat([header, query.question, optRecord(0, query.edns?.dnssec)]);
}

/** Is it the answer to this question? (RFC 5452 section 4.2, names in any case) */
export function answersQuestion(message: Buffer, id: number, question: Buffer): boolean {
  if (!isResponse(message) || message.readUInt16BE(0) !== id || message.readUInt16BE(4) !== 1) return false;
  const found = message.subarray(HEADER_LENGTH, HEADER_LENGTH + question.length);
  return found.toString('latin1').toLowerCase() === question.toString('latin1').toLowerCase();
}

/** What of an upstream's answer a client gets: without its EDNS record, and where each TTL stands. */
export interface Relayed {
  readonly message: Buffer;
  readonly ttlOffsets: readonly number[];
  /** Seconds; undefined: it has no records. */
  readonly lowestTtl: number | undefined;
  readonly hasAnswers: boolean;
}

/** Throws MalformedMessage. */
export function takeApart(message: Buffer, question: Buffer): Relayed {
  const ttlOffsets: number[] = [];
  let lowestTtl: number | undefined;
  let opt: { start: number; end: number } | undefined;
  for (const record of records(message, HEADER_LENGTH + question.length)) {
    if (record.type === OPT) {
      opt = record;
      continue;
    }
    ttlOffsets.push(record.offset + 4);
    const ttl = Math.min(
      message.readUInt32BE(record.offset + 4),
      record.negativeTtl ?? Number.POSITIVE_INFINITY,
    );
    lowestTtl = Math.min(lowestTtl ?? ttl, ttl);
  }
  const rest = { ttlOffsets, lowestTtl, hasAnswers: message.readUInt16BE(6) > 0 };
  // nothing after it may move, since names point at places; where it is not last (a signature) it stays
  if (!opt || opt.end !== message.length) return { message: Buffer.from(message), ...rest };
  const copy = Buffer.from(message.subarray(0, opt.start));
  copy.writeUInt16BE(copy.readUInt16BE(10) - 1, 10);
  return { message: copy, ...rest };
}

/** A relayed answer for one client: its id, its spelling of the name, TTLs less the age, cut to its size. */
export function relay(
  { message, ttlOffsets }: Relayed,
  query: Query,
  ageSeconds: number,
  limit: number,
): Buffer {
  const opt = query.edns ? optRecord(0, query.edns.dnssec) : Buffer.alloc(0);
  const flags =
    (message.readUInt16BE(2) & ~(FLAG.authoritative | FLAG.recursionDesired)) |
    FLAG.recursionAvailable |
    (query.flags & FLAG.recursionDesired);
  if (message.length + opt.length > limit) {
    const cut = Buffer.alloc(HEADER_LENGTH);
    cut.writeUInt16BE(query.id, 0);
    cut.writeUInt16BE(flags | FLAG.truncated, 2);
    cut.writeUInt16BE(1, 4);
    cut.writeUInt16BE(query.edns ? 1 : 0, 10);
    return Buffer.concat([cut, query.question, opt]);
  }
  const copy = Buffer.concat([message, opt]);
  copy.writeUInt16BE(query.id, 0);
  copy.writeUInt16BE(flags, 2);
  query.question.copy(copy, HEADER_LENGTH);
  for (const offset of ttlOffsets)
    copy.writeUInt32BE(Math.max(0, copy.readUInt32BE(offset) - ageSeconds), offset);
  if (query.edns) copy.writeUInt16BE(copy.readUInt16BE(10) + 1, 10);
  return copy;
}
