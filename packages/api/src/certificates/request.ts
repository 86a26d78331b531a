import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { pemBlocks } from './pem.ts';

/** One DER element (X.690): its tag, its content and the whole of it. */
interface Element {
  readonly tag: number;
  readonly content: Buffer;
  readonly whole: Buffer;
}

const SEQUENCE = 0x30;
const BIT_STRING = 0x03;
const OID = 0x06;
const MALFORMED = 'asn1: structure error: malformed certificate request';

function readElement(data: Buffer, offset: number): Element {
  const tag = data[offset];
  const first = data[offset + 1];
  if (tag === undefined || first === undefined) throw new Error(MALFORMED);
  let length = first;
  let header = 2;
  if (first & 0x80) {
    const bytes = first & 0x7f;
    if (bytes === 0 || bytes > 4 || offset + 2 + bytes > data.length) throw new Error(MALFORMED);
    length = data.readUIntBE(offset + 2, bytes);
    header += bytes;
  }
  const end = offset + header + length;
  if (end > data.length) throw new Error(MALFORMED);
  return { tag, content: data.subarray(offset + header, end), whole: data.subarray(offset, end) };
}

function children(element: Element): Element[] {
  const result: Element[] = [];
  for (let offset = 0; offset < element.content.length; ) {
    const child = readElement(element.content, offset);
    result.push(child);
    offset += child.whole.length;
  }
  return result;
}

function expect(element: Element | undefined, tag: number): Element {
  if (element?.tag !== tag) throw new Error(MALFORMED);
  return element;
}

/** Signature algorithms by the hex of their OID; the value is the hash, null where the algorithm has its own. */
const HASHES: Readonly<Record<string, string | null>> = {
  '2a864886f70d010105': 'sha1',
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
  '2b6570': null,
};

/** A PKCS#10 request (RFC 2986), taken apart as far as its signature needs. */
export interface CertificateRequest {
  readonly der: Buffer;
  readonly publicKey: KeyObject;
  /** The subject's DER (a Name). */
  readonly subject: Buffer;
}

/** Parses and verifies `spec.request`; throws an `Error` with upstream's text where there is one. */
export function parseCertificateRequest(pem: string): CertificateRequest {
  const block = pemBlocks(pem)[0];
  if (block?.type !== 'CERTIFICATE REQUEST') throw new Error('PEM block type must be CERTIFICATE REQUEST');
  const [info, algorithm, signature] = children(expect(readElement(block.der, 0), SEQUENCE));
  const fields = children(expect(info, SEQUENCE));
  const subject = expect(fields[1], SEQUENCE).whole;
  const publicKey = createPublicKey({ key: expect(fields[2], SEQUENCE).whole, format: 'der', type: 'spki' });
  const oid = expect(children(expect(algorithm, SEQUENCE))[0], OID).content.toString('hex');
  const hash = Object.hasOwn(HASHES, oid) ? HASHES[oid] : undefined;
  if (hash === undefined) throw new Error('x509: cannot verify signature: algorithm unimplemented');
  // The first byte of a bit string counts unused bits: none here.
  const bits = expect(signature, BIT_STRING).content.subarray(1);
  if (!verify(hash, expect(info, SEQUENCE).whole, publicKey, bits)) {
    throw new Error(`x509: ${publicKey.asymmetricKeyType === 'rsa' ? 'RSA' : 'ECDSA'} verification failure`);
  }
  return { der: block.der, publicKey, subject };
}
