import { StatusError } from '../meta/status.ts';

/**
 * The answers to patches that cannot be read or applied, with upstream's texts (apiserver
 * pkg/endpoints/handlers/patch.go).
 */
export const patchErrors = {
  /** The patch reads well but does not fit the object; upstream hides the cause. */
  rejected: () =>
    new StatusError('Invalid', 'the server rejected our request due to an error in our request', {}),
  /** The patch is not of the form its media type asks for. */
  undecodable: (message: string) => new StatusError('BadRequest', message),
  tooLarge: (message: string) =>
    new StatusError('RequestEntityTooLarge', `Request entity too large: ${message}`),
  /**
   * A patch whose content contradicts the type. Upstream lets the bare error through, which becomes a 500; it
   * is the client's mistake, so here it is a 400 with the same message.
   */
  contradictory: (message: string) => new StatusError('BadRequest', message),
};

/** What encoding/json calls a JSON value in its errors. */
export function goJsonKind(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return value === null ? 'null' : typeof value;
}
