import { DerError, type DerReader, type DerValue, encode, oid, readOid, sequence, set, TAG } from './der.ts';

/** The parts of a distinguished name that Kubernetes reads: CN is the user, O are the groups, and a uid of its own. */
export interface Subject {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** The attribute 1.3.6.1.4.1.57683.2 (Kubernetes 1.34, AllowParsingUserUIDFromCertAuth). */
  readonly uid?: string;
}

const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';
const UID = '1.3.6.1.4.1.57683.2';

/** Organizations first, each in a set of its own, then the common name: the order of Go's pkix.Name. */
export function encodeSubject(subject: Subject): Buffer {
  const attribute = (type: string, value: string): Buffer =>
    set(sequence(oid(type), encode(TAG.utf8, Buffer.from(value, 'utf8'))));
  return sequence(
    ...subject.organizations.map((value) => attribute(ORGANIZATION, value)),
    ...(subject.commonName === '' ? [] : [attribute(COMMON_NAME, subject.commonName)]),
    ...(subject.uid === undefined ? [] : [attribute(UID, subject.uid)]),
  );
}

/** Of several common names the last counts, as in Go's crypto/x509; several uids are an error. */
export function readSubject(reader: DerReader): Subject {
  let commonName = '';
  const organizations: string[] = [];
  let uid: string | undefined;
  while (!reader.done) {
    const names = reader.into(TAG.set);
    while (!names.done) {
      const attribute = names.into(TAG.sequence);
      const type = readOid(attribute.next(TAG.oid));
      const value = attribute.next();
      if (type === COMMON_NAME) commonName = readText(value);
      else if (type === ORGANIZATION) organizations.push(readText(value));
      else if (type === UID) {
        if (uid !== undefined) throw new DerError('several uids');
        uid = readText(value);
      }
    }
  }
  return { commonName, organizations, ...(uid === undefined ? {} : { uid }) };
}

function readText(value: DerValue): string {
  switch (value.tag) {
    case TAG.utf8:
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value.content);
    case TAG.printable:
    case TAG.ia5:
      return value.content.toString('latin1');
    case TAG.t61:
      return value.content.toString('latin1');
    case TAG.bmp:
      return Buffer.from(value.content).swap16().toString('utf16le');
    default:
      throw new DerError('a name that is no text');
  }
}
