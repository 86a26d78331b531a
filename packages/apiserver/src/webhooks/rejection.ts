import { errors, type StatusDetails, StatusError } from '@sampan/api';
import { isObject, type JsonObject } from '@sampan/base';

/** The answer to a request that a webhook refused (apiserver plugin/webhook/errors ToStatusErr). */
export function rejection(webhook: string, result: JsonObject | undefined): StatusError {
  const denied = `admission webhook ${JSON.stringify(webhook)} denied the request`;
  const { message, reason, code, details } = result ?? {};
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  const explanation = text(message) || text(reason);
  const error = new StatusError(
    '',
    explanation === '' ? `${denied} without explanation` : `${denied}: ${explanation}`,
    isObject(details) ? (details as StatusDetails) : undefined,
    typeof code === 'number' && code >= 400 && code <= 599 ? code : 400,
  );
  if (text(reason) !== '') error.status.reason = text(reason);
  return error;
}

/** A webhook that could not be asked and whose requests then fail. */
export function callFailed(webhook: string, reason: string): StatusError {
  return errors.internal(`failed calling webhook ${JSON.stringify(webhook)}: ${reason}`);
}

export function dryRunUnsupported(webhook: string): StatusError {
  return errors.badRequest(`admission webhook ${JSON.stringify(webhook)} does not support dry run`);
}
