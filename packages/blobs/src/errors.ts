import { messageOf, SampanError } from '@sampan/base';

/** Not `sha256:` or `sha512:` and as many lower-case hexadecimal digits as it needs. */
export class InvalidDigestError extends SampanError {
  constructor(text: string) {
    super('blob-digest-invalid', `${JSON.stringify(text.slice(0, 200))} is not a sha256 or sha512 digest`);
  }
}

/** The uploaded bytes have another digest than the commit says. The upload is gone. */
export class DigestMismatchError extends SampanError {
  constructor(expected: string, found: string) {
    super('blob-digest-mismatch', `the uploaded bytes have the digest ${found}, not ${expected}`, {
      hint: 'Upload the blob again; what arrived was discarded.',
    });
  }
}

/** No blob has this digest. */
export class BlobUnknownError extends SampanError {
  constructor(digest: string) {
    super('blob-unknown', `there is no blob ${digest}`);
  }
}

/** The range begins at or behind the end of the blob (RFC 9110, 15.5.17). */
export class BlobRangeError extends SampanError {
  /** Bytes of the whole blob. */
  readonly size: number;

  constructor(digest: string, size: number) {
    super('blob-range', `the range is outside of the ${size} bytes of ${digest}`);
    this.size = size;
  }
}

/** The upload was committed or cancelled, has expired, or never was. */
export class UploadUnknownError extends SampanError {
  constructor(id: string) {
    super('blob-upload-unknown', `there is no upload ${id.slice(0, 64)}`, { hint: 'Begin a new upload.' });
  }
}

/** A chunk does not begin where the one before ended. */
export class UploadOffsetError extends SampanError {
  /** Bytes that the upload has: where the next chunk begins. */
  readonly offset: number;

  constructor(offset: number, found: number) {
    super('blob-upload-offset', `the chunk begins at ${found}, but the upload has ${offset} bytes`);
    this.offset = offset;
  }
}

/** Another request is writing to this upload. */
export class UploadBusyError extends SampanError {
  constructor(id: string) {
    super('blob-upload-busy', `another request is writing to the upload ${id}`, {
      hint: 'Wait for it to end, ask for the status of the upload, and go on from there.',
    });
  }
}

/** More bytes than the caller allowed; none beyond the limit were stored. */
export class BlobTooLargeError extends SampanError {
  readonly limit: number;

  constructor(limit: number) {
    super('blob-too-large', `the upload has more than ${limit} bytes`);
    this.limit = limit;
  }
}

/** No space, or no quota, is left where blobs are stored. */
export class BlobSpaceError extends SampanError {
  constructor(cause: unknown) {
    super('blob-no-space', `the blob could not be written: ${messageOf(cause)}`, {
      hint: 'Free some disk space; what was stored before is untouched, and the upload can go on.',
      cause,
    });
  }
}

/** The disk or the object storage failed. */
export class BlobStorageError extends SampanError {
  constructor(what: string, cause: unknown) {
    super('blob-storage', `${what}: ${messageOf(cause)}`, {
      hint: 'Check the disk or the object storage; the same request can be sent again.',
      cause,
    });
  }
}
