/** Where an upload stands, as it is kept between requests. */
export interface UploadState {
  /** S3's name of the multipart upload; undefined: nothing was sent as a part. */
  readonly multipart?: string | undefined;
  /** How many parts count; later ones were sent by a request that did not end. */
  readonly parts: number;
  /** Bytes behind the parts: too few for one. */
  readonly tail: Uint8Array;
}

/** One object, so that it changes as a whole: a line of JSON, then the tail. */
export function encodeState({ multipart, parts, tail }: UploadState): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify({ multipart, parts })}\n`), tail]);
}

export function decodeState(bytes: Buffer): UploadState {
  const end = bytes.indexOf('\n');
  const { multipart, parts } = JSON.parse(bytes.toString('utf8', 0, end)) as UploadState;
  return { multipart, parts, tail: bytes.subarray(end + 1) };
}
