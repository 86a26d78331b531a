import { type OciErrorCode, RegistryAnswerError } from '../errors.ts';
import { isPassing, PassingError, retryAfterMs } from '../http/retry.ts';
import type { HttpAnswer } from '../http/transport.ts';

const CODES: Readonly<Record<number, readonly [code: OciErrorCode, says: string, hint?: string]>> = {
  401: [
    'oci-unauthorized',
    'the login is not known, or one is needed',
    'Log in first: sampan hub login HOST --user NAME --password-stdin',
  ],
  403: ['oci-denied', 'the login may not do that'],
  404: ['oci-not-found', 'that is not there'],
};
const MAX_SAID = 500;

/** The error that an answer is, for `what` was asked for. Those that may pass are `PassingError`s. Pure. */
export function answerError(
  { status, headers }: Pick<HttpAnswer, 'status' | 'headers'>,
  body: Buffer,
  what: string,
): RegistryAnswerError {
  const errors = errorsOf(body);
  const [code, usual, hint] = CODES[status] ?? ['oci-refused', `status ${status}`];
  const said = errors.map(({ text }) => text).join('; ') || usual;
  const codes = errors.map((error) => error.code);
  const message = `The registry refused ${what}: ${said.slice(0, MAX_SAID).replace(/\.$/, '')}.`;
  const error = new RegistryAnswerError(code, message, {
    status,
    codes,
    ...(hint === undefined ? {} : { hint }),
  });
  return isPassing(status) ? new PassingError(error, retryAfterMs(headers['retry-after'])) : error;
}

/** Distribution specification, "Error Codes"; token services say `error_description` (RFC 6749). */
function errorsOf(body: Buffer): { readonly code: string; readonly text: string }[] {
  try {
    const said = JSON.parse(body.toString()) as {
      errors?: { code?: unknown; message?: unknown; detail?: unknown }[];
      error_description?: unknown;
    };
    if (!Array.isArray(said.errors)) {
      const text = said.error_description;
      return typeof text === 'string' ? [{ code: '', text }] : [];
    }
    return said.errors.map(({ code, message }) => ({
      code: String(code ?? ''),
      text: String(message || code || 'no reason is given'),
    }));
  } catch {
    // an HTML page of a proxy, for example: the status says enough
    return [];
  }
}
