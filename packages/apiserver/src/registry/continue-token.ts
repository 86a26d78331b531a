import { errors } from '@sampan/api';

/** Where a paged list goes on: the snapshot's revision and the last key, less the list's prefix. */
export interface ContinueToken {
  readonly revision: number;
  readonly after: string;
}

const VERSION = 'meta.k8s.io/v1';

/** The same form as upstream's (apiserver pkg/storage/continue.go), opaque to clients. */
export function encodeContinue(token: ContinueToken): string {
  const text = JSON.stringify({ v: VERSION, rv: token.revision, start: token.after });
  return Buffer.from(text).toString('base64url');
}

/** Throws BadRequest. A revision of -1 means: from the newest snapshot (an inconsistent continuation). */
export function decodeContinue(text: string): ContinueToken {
  let value: { v?: unknown; rv?: unknown; start?: unknown };
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString()) as typeof value;
  } catch {
    throw invalidToken('continue key is not valid: illegal base64 data at input byte 0');
  }
  if (typeof value !== 'object' || value === null || value.v !== VERSION) {
    throw invalidToken('continue key is not valid: server does not recognize this encoded version');
  }
  if (typeof value.start !== 'string' || value.start === '' || value.start.includes('/../')) {
    throw invalidToken('continue key is not valid: encoded start key empty');
  }
  if (typeof value.rv !== 'number' || !Number.isSafeInteger(value.rv) || value.rv === 0 || value.rv < -1) {
    throw invalidToken('continue key is not valid: incorrect encoded start resourceVersion');
  }
  return { revision: value.rv, after: value.start };
}

function invalidToken(reason: string): Error {
  return errors.badRequest(`invalid continue token: ${reason}`);
}
