import { type FieldError, fieldErrorBody, fieldErrorMessage } from './field-error.ts';
import type { GroupResource } from './object.ts';

/** metav1.StatusReason and the HTTP code that goes with it (apimachinery pkg/apis/meta/v1/types.go). */
export const STATUS_CODES = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
  ServerTimeout: 504,
} as const;
export type StatusReason = keyof typeof STATUS_CODES;

export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: { continue?: string };
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code: number;
}

/** An API error: thrown anywhere below the HTTP handler, answered as a `Status` object. */
export class StatusError extends Error {
  readonly status: Status;

  constructor(reason: StatusReason | '', message: string, details?: StatusDetails, code?: number) {
    super(message);
    this.name = 'StatusError';
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason === '' ? {} : { reason }),
      ...(details ? { details } : {}),
      code: code ?? (reason === '' ? 500 : STATUS_CODES[reason]),
    };
  }

  get code(): number {
    return this.status.code;
  }

  get reason(): string {
    return this.status.reason ?? '';
  }
}

/** `deployments.apps`, or the bare resource in the core group. */
export function qualified(gr: GroupResource): string {
  return gr.group === '' ? gr.resource : `${gr.resource}.${gr.group}`;
}

function details(gr: GroupResource, name: string, more: Partial<StatusDetails> = {}): StatusDetails {
  return {
    ...(name === '' ? {} : { name }),
    ...(gr.group === '' ? {} : { group: gr.group }),
    ...(gr.resource === '' ? {} : { kind: gr.resource }),
    ...more,
  };
}

/** Constructors with the texts of apimachinery pkg/api/errors/errors.go. `kind` in details is the resource. */
export const errors = {
  notFound: (gr: GroupResource, name: string) =>
    new StatusError('NotFound', `${qualified(gr)} ${JSON.stringify(name)} not found`, details(gr, name)),
  /** A path that nothing serves. */
  pageNotFound: () => new StatusError('NotFound', 'the server could not find the requested resource', {}),
  alreadyExists: (gr: GroupResource, name: string) =>
    new StatusError(
      'AlreadyExists',
      `${qualified(gr)} ${JSON.stringify(name)} already exists`,
      details(gr, name),
    ),
  conflict: (gr: GroupResource, name: string, message: string) =>
    new StatusError(
      'Conflict',
      `Operation cannot be fulfilled on ${qualified(gr)} ${JSON.stringify(name)}: ${message}`,
      details(gr, name),
    ),
  badRequest: (message: string) => new StatusError('BadRequest', message),
  unauthorized: (message = 'Unauthorized') => new StatusError('Unauthorized', message),
  forbidden: (gr: GroupResource, name: string, message: string) =>
    new StatusError(
      'Forbidden',
      name === '' && gr.resource === ''
        ? `forbidden: ${message}`
        : name === ''
          ? `${qualified(gr)} is forbidden: ${message}`
          : `${qualified(gr)} ${JSON.stringify(name)} is forbidden: ${message}`,
      details(gr, name),
    ),
  methodNotSupported: (gr: GroupResource, action: string) =>
    new StatusError(
      'MethodNotAllowed',
      `${action} is not supported on resources of kind ${JSON.stringify(qualified(gr))}`,
      details(gr, ''),
    ),
  /** `gk.resource` holds the kind here, as upstream's `details.kind` does. */
  invalid: (gk: { group: string; kind: string }, name: string, list: readonly FieldError[]) =>
    new StatusError(
      'Invalid',
      `${gk.kind}${gk.group === '' ? '' : `.${gk.group}`} ${JSON.stringify(name)} is invalid: ${aggregate(list)}`,
      details({ group: gk.group, resource: gk.kind }, name, {
        causes: distinctCauses(list),
      }),
    ),
  expired: (message: string) => new StatusError('Expired', message),
  tooLarge: (message: string) => new StatusError('RequestEntityTooLarge', message),
  unsupportedMediaType: (message: string) => new StatusError('UnsupportedMediaType', message),
  notAcceptable: (message: string) => new StatusError('NotAcceptable', message),
  tooManyRequests: (message: string, retryAfterSeconds: number) =>
    new StatusError('TooManyRequests', message, { retryAfterSeconds }),
  internal: (message: string) =>
    new StatusError('InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] }),
  serviceUnavailable: (message: string) => new StatusError('ServiceUnavailable', message),
  timeout: (message: string, retryAfterSeconds: number) =>
    new StatusError('Timeout', `Timeout: ${message}`, { retryAfterSeconds }),
};

/** Each once: a rule that two checks share is broken once. */
function distinctCauses(list: readonly FieldError[]): StatusCause[] {
  const causes = new Map<string, StatusCause>();
  for (const error of list) {
    const cause = { reason: error.type, message: fieldErrorBody(error), field: error.field };
    causes.set(JSON.stringify([cause.reason, cause.field, cause.message]), cause);
  }
  return [...causes.values()];
}

/** utilerrors.Aggregate: one error plain, several deduplicated in brackets. */
function aggregate(list: readonly FieldError[]): string {
  const messages = [...new Set(list.map(fieldErrorMessage))];
  return messages.length === 1 ? (messages[0] as string) : `[${messages.join(', ')}]`;
}
