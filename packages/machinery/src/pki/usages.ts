import { bitString, DerReader, oid, readOid, sequence, TAG } from './der.ts';

/** A usage as certificates.k8s.io/v1 names it (KeyUsage in its types.go). */
export type KeyUsage = string;

/** Bits of the key usage extension (RFC 5280 section 4.2.1.3). */
const KEY_USAGE_BITS: Readonly<Record<string, number>> = {
  signing: 0,
  'digital signature': 0,
  'content commitment': 1,
  'key encipherment': 2,
  'data encipherment': 3,
  'key agreement': 4,
  'cert sign': 5,
  'crl sign': 6,
  'encipher only': 7,
  'decipher only': 8,
};

const EXTENDED_USAGES: Readonly<Record<string, string>> = {
  any: '2.5.29.37.0',
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
  'code signing': '1.3.6.1.5.5.7.3.3',
  'email protection': '1.3.6.1.5.5.7.3.4',
  's/mime': '1.3.6.1.5.5.7.3.4',
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: '1.3.6.1.5.5.7.3.8',
  'ocsp signing': '1.3.6.1.5.5.7.3.9',
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3',
  'netscape sgc': '2.16.840.1.113730.4.1',
};

/** The usages that are no name of certificates.k8s.io/v1. */
export function unknownUsages(usages: readonly KeyUsage[]): KeyUsage[] {
  return usages.filter(
    (usage) => !Object.hasOwn(KEY_USAGE_BITS, usage) && !Object.hasOwn(EXTENDED_USAGES, usage),
  );
}

/** The key usage bit string, undefined when no usage is one of its bits. */
export function encodeKeyUsage(usages: readonly KeyUsage[]): Buffer | undefined {
  let bits = 0;
  for (const usage of usages) {
    const bit = Object.hasOwn(KEY_USAGE_BITS, usage) ? KEY_USAGE_BITS[usage] : undefined;
    if (bit !== undefined) bits |= 0x8000 >> bit;
  }
  if (bits === 0) return undefined;
  const bytes = (bits & 0xff) === 0 ? [bits >> 8] : [bits >> 8, bits & 0xff];
  const last = bytes[bytes.length - 1] ?? 0;
  let unused = 0;
  while (((last >> unused) & 1) === 0) unused++;
  return bitString(Buffer.from(bytes), unused);
}

export function encodeExtendedKeyUsage(usages: readonly KeyUsage[]): Buffer | undefined {
  const oids = usages.flatMap((usage) =>
    Object.hasOwn(EXTENDED_USAGES, usage) ? [EXTENDED_USAGES[usage] ?? ''] : [],
  );
  return oids.length === 0 ? undefined : sequence(...[...new Set(oids)].map(oid));
}

/** The names of an extended key usage extension; unknown ones as their numbers. */
export function readExtendedKeyUsage(der: Uint8Array): string[] {
  const reader = new DerReader(der).into(TAG.sequence);
  const names: string[] = [];
  while (!reader.done) {
    const number = readOid(reader.next(TAG.oid));
    names.push(Object.keys(EXTENDED_USAGES).find((name) => EXTENDED_USAGES[name] === number) ?? number);
  }
  return names;
}
