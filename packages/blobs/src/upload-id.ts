import { randomBytes } from 'node:crypto';

/** Not guessable: who knows it may write to the upload. */
export function newUploadId(): string {
  return randomBytes(16).toString('hex');
}

/** Whether a text may be an upload's name, and so a part of a path. */
export function isUploadId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text);
}
