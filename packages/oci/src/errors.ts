import { SampanError } from '@sampan/base';

/** What each code means; the table of the README, tied to it by a test. */
export const OCI_ERRORS = {
  'oci-reference-invalid': 'a text is no name of an image',
  'oci-manifest-invalid': 'a manifest or index cannot be understood',
  'oci-layout-invalid': 'a folder or archive holds no images that can be read',
  'oci-image-unknown': 'a layout has no image of that name, or several and none was named',
  'oci-platform-unknown': 'an image is not there for the platform that was asked for',
  'oci-content-mismatch': 'bytes are not those that their digest or size says',
  'oci-login-invalid': 'the file with logins cannot be understood, or a program for logins failed',
  'oci-unreachable': 'no registry answers, or it broke off each time',
  'oci-unauthorized': 'the registry does not know the login, or wants one',
  'oci-denied': 'the login may not do this',
  'oci-not-found': 'the registry has no such repository, tag or blob',
  'oci-refused': 'the registry answered with another error',
} as const satisfies Readonly<Record<string, string>>;

export type OciErrorCode = keyof typeof OCI_ERRORS;

export class OciError extends SampanError {
  declare readonly code: OciErrorCode;

  constructor(code: OciErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(code, message, options);
  }
}

/** What a registry answered instead of what was asked for. */
export class RegistryAnswerError extends OciError {
  readonly status: number;
  /** Of the distribution specification, "Error Codes"; empty when the answer has none. */
  readonly codes: readonly string[];

  constructor(
    code: OciErrorCode,
    message: string,
    answer: { readonly status: number; readonly codes: readonly string[]; readonly hint?: string },
  ) {
    super(code, message, answer.hint === undefined ? {} : { hint: answer.hint });
    this.status = answer.status;
    this.codes = answer.codes;
  }
}

/** No answer came, or half of one. */
export class UnreachableError extends OciError {
  /** Whether it may go better next time. */
  readonly passing: boolean;

  constructor(
    message: string,
    { passing, ...options }: { passing: boolean; hint?: string; cause?: unknown },
  ) {
    super('oci-unreachable', message, options);
    this.passing = passing;
  }
}
