/**
 * The error codes of the distribution API and the status each is answered with.
 * Source: OCI distribution specification 1.1, "Error Codes" and the failure columns of "Endpoints"; those the
 * specification lacks (TAG_INVALID, RANGE_INVALID, PAGINATION_NUMBER_INVALID, UNKNOWN, UNAVAILABLE) are what
 * distribution answers, and clients know them.
 */
export const REGISTRY_ERRORS = {
  BLOB_UNKNOWN: { status: 404, message: 'blob unknown to registry' },
  BLOB_UPLOAD_INVALID: { status: 400, message: 'blob upload invalid' },
  BLOB_UPLOAD_UNKNOWN: { status: 404, message: 'blob upload unknown to registry' },
  DIGEST_INVALID: { status: 400, message: 'provided digest did not match uploaded content' },
  MANIFEST_BLOB_UNKNOWN: {
    status: 404,
    message: 'manifest references a manifest or blob unknown to registry',
  },
  MANIFEST_INVALID: { status: 400, message: 'manifest invalid' },
  MANIFEST_UNKNOWN: { status: 404, message: 'manifest unknown to registry' },
  NAME_INVALID: { status: 400, message: 'invalid repository name' },
  NAME_UNKNOWN: { status: 404, message: 'repository name not known to registry' },
  SIZE_INVALID: { status: 400, message: 'provided length did not match content length' },
  UNAUTHORIZED: { status: 401, message: 'authentication required' },
  DENIED: { status: 403, message: 'requested access to the resource is denied' },
  UNSUPPORTED: { status: 405, message: 'the operation is unsupported' },
  TOOMANYREQUESTS: { status: 429, message: 'too many requests' },
  TAG_INVALID: { status: 400, message: 'invalid tag' },
  RANGE_INVALID: { status: 416, message: 'requested range not satisfiable' },
  PAGINATION_NUMBER_INVALID: { status: 400, message: 'invalid number of results requested' },
  UNAVAILABLE: { status: 503, message: 'service unavailable' },
  UNKNOWN: { status: 500, message: 'unknown error' },
} as const satisfies Readonly<Record<string, { status: number; message: string }>>;

export type RegistryErrorCode = keyof typeof REGISTRY_ERRORS;

interface RegistryErrorOptions {
  /** Instead of the code's usual status, such as 413 for a manifest that is too large. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** What a client of the registry did wrong or cannot have; answered as the specification's error body. */
export class RegistryError extends Error {
  readonly code: RegistryErrorCode;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** What happened in this case; clients print it after the code's message. */
  readonly detail: string | undefined;

  constructor(code: RegistryErrorCode, detail?: string, options: RegistryErrorOptions = {}) {
    const { status, message } = REGISTRY_ERRORS[code];
    super(detail === undefined ? message : `${message}: ${detail}`, { cause: options.cause });
    this.name = 'RegistryError';
    this.code = code;
    this.detail = detail;
    this.status = options.status ?? status;
    this.headers = options.headers ?? {};
  }

  /** The body of the answer: `{errors: [{code, message, detail}]}`. */
  toBody(): string {
    const detail = this.detail === undefined ? {} : { detail: this.detail };
    return JSON.stringify({ errors: [{ code: this.code, message: this.message, ...detail }] });
  }
}
