import { S3ServiceException } from '@aws-sdk/client-s3';
import { SampanError } from '@sampan/base';
import { BlobSpaceError, BlobStorageError } from '../errors.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html; a HEAD has a status only. */
const MISSING: ReadonlySet<string> = new Set(['NoSuchKey', 'NotFound', 'NoSuchUpload']);

/** What radosgw and MinIO answer when a quota or their disks are full. */
const NO_SPACE: ReadonlySet<string> = new Set(['QuotaExceeded', 'XMinioStorageFull']);

/** Whether S3 says that the object or the multipart upload is not there. */
export function s3Missing(thrown: unknown): boolean {
  return thrown instanceof S3ServiceException && MISSING.has(thrown.name);
}

const UNSUPPORTED: ReadonlySet<string> = new Set(['NotImplemented', 'MethodNotAllowed']);

/** Whether the server says that it does not know the call. */
export function s3Unsupported(thrown: unknown): boolean {
  return thrown instanceof S3ServiceException && UNSUPPORTED.has(thrown.name);
}

/** What a failed call means to who called the store. */
export function s3Error(call: string, thrown: unknown): SampanError {
  if (thrown instanceof SampanError) return thrown;
  const full = thrown instanceof S3ServiceException && NO_SPACE.has(thrown.name);
  return full ? new BlobSpaceError(thrown) : new BlobStorageError(`S3 ${call}`, thrown);
}
