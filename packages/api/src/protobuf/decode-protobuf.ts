import { unrecognized } from '../schema/decode-body.ts';
import type { StructType } from '../schema/type-schema.ts';
import { readObject } from './read-object.ts';
import { ProtobufError, wireFields } from './wire-reader.ts';

export const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf';

/** Every message begins with it (apimachinery pkg/runtime/serializer/protobuf). */
const PREFIX = [0x6b, 0x38, 0x73, 0x00] as const;

/**
 * Reads an object from Kubernetes' protobuf form: the prefix, then a `runtime.Unknown` that names the type and holds
 * the message. Gives its JSON form, not yet normalized: what `decode` takes. Throws BadRequest.
 */
export function decodeProtobuf(body: Uint8Array, kind: string, type: StructType): Record<string, unknown> {
  if (PREFIX.some((byte, index) => body[index] !== byte)) {
    throw unrecognized(
      kind,
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
      body,
    );
  }
  try {
    const { apiVersion, kind: given, raw } = envelope(body.subarray(PREFIX.length));
    const object = readObject(raw, type);
    if (apiVersion !== '') object.apiVersion = apiVersion;
    if (given !== '') object.kind = given;
    return object;
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
    throw unrecognized(kind, error.message, body);
  }
}

interface Envelope {
  apiVersion: string;
  kind: string;
  raw: Uint8Array;
}

function envelope(bytes: Uint8Array): Envelope {
  const found: Envelope = { apiVersion: '', kind: '', raw: new Uint8Array() };
  for (const { number, value } of wireFields(bytes)) {
    if (typeof value === 'bigint') continue;
    if (number === 1) Object.assign(found, typeMeta(value));
    else if (number === 2) found.raw = value;
  }
  return found;
}

function typeMeta(bytes: Uint8Array): { apiVersion: string; kind: string } {
  const found = { apiVersion: '', kind: '' };
  for (const { number, value } of wireFields(bytes)) {
    if (typeof value === 'bigint') continue;
    if (number === 1) found.apiVersion = Buffer.from(value).toString();
    else if (number === 2) found.kind = Buffer.from(value).toString();
  }
  return found;
}
