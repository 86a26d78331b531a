import { type Status, StatusError, type StatusReason } from '@sampan/api';
import { isObject } from '@sampan/base';
import type { HttpAnswer } from './transport.ts';

/** The JSON value of a good answer; throws the `StatusError` of a bad one. */
export function answerValue(answer: HttpAnswer): unknown {
  if (answer.status >= 400) throw errorOf(answer);
  return parsed(answer.body);
}

/** The error a server answered with, whether it sent a Status or only text (a proxy in between). */
export function errorOf(answer: HttpAnswer): StatusError {
  let value: unknown;
  try {
    value = parsed(answer.body);
  } catch {
    // not JSON: its text is the message
  }
  return isObject(value) && value.kind === 'Status'
    ? statusError(value as unknown as Status, answer.status)
    : new StatusError('', answer.body.toString('utf8', 0, 4096).trim(), undefined, answer.status);
}

export function statusError(status: Status, code = 500): StatusError {
  return new StatusError(
    (status.reason ?? '') as StatusReason | '',
    status.message ?? '',
    status.details,
    status.code ?? code,
  );
}

const parsed = (body: Buffer): unknown => JSON.parse(body.toString('utf8'));
