import { isIP } from 'node:net';
import { DerError, DerReader, encode, primitiveContextTag, sequence, TAG } from './der.ts';

/** Subject alternative names (RFC 5280 section 4.2.1.6). */
export interface AlternativeNames {
  readonly dnsNames: readonly string[];
  /** In text form; IPv6 in full, lower-case. */
  readonly ipAddresses: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly uris: readonly string[];
}

export const NO_NAMES: AlternativeNames = { dnsNames: [], ipAddresses: [], emailAddresses: [], uris: [] };

const EMAIL = primitiveContextTag(1);
const DNS = primitiveContextTag(2);
const URI = primitiveContextTag(6);
const IP = primitiveContextTag(7);

/** Undefined when there are no names: the extension is then left out. */
export function encodeAlternativeNames(names: Partial<AlternativeNames>): Buffer | undefined {
  const text = (tag: number, list: readonly string[] = []): Buffer[] =>
    list.map((name) => encode(tag, Buffer.from(name, 'latin1')));
  const all = [
    ...text(DNS, names.dnsNames),
    ...text(EMAIL, names.emailAddresses),
    ...(names.ipAddresses ?? []).map((address) => encode(IP, addressBytes(address))),
    ...text(URI, names.uris),
  ];
  return all.length === 0 ? undefined : sequence(...all);
}

export function readAlternativeNames(der: Uint8Array): AlternativeNames {
  const outer = new DerReader(der);
  const reader = outer.into(TAG.sequence);
  outer.end();
  const dnsNames: string[] = [];
  const ipAddresses: string[] = [];
  const emailAddresses: string[] = [];
  const uris: string[] = [];
  while (!reader.done) {
    const { tag, content } = reader.next();
    if (tag === DNS) dnsNames.push(content.toString('latin1'));
    else if (tag === EMAIL) emailAddresses.push(content.toString('latin1'));
    else if (tag === URI) uris.push(content.toString('latin1'));
    else if (tag === IP) ipAddresses.push(addressText(content));
  }
  return { dnsNames, ipAddresses, emailAddresses, uris };
}

function addressBytes(address: string): Buffer {
  const kind = isIP(address);
  if (kind === 4) return Buffer.from(address.split('.').map(Number));
  if (kind !== 6 || address.includes('%')) throw new Error(`not an IP address: ${JSON.stringify(address)}`);
  let text = address;
  const tail = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  if (tail) {
    const [a = 0, b = 0, c = 0, d = 0] = tail.slice(2).map(Number);
    text = `${tail[1]}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  }
  const [head = '', rest] = text.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((g) => Number.parseInt(g, 16));
  const left = groups(head);
  const right = rest === undefined ? [] : groups(rest);
  const all = [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
  const bytes = Buffer.alloc(16);
  for (const [index, group] of all.entries()) bytes.writeUInt16BE(group, index * 2);
  return bytes;
}

function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) throw new DerError('an IP address of neither 4 nor 16 bytes');
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(bytes.readUInt16BE(i).toString(16));
  return groups.join(':');
}
