/** Texts shared by validators (apimachinery pkg/util/validation, pkg/api/validation). */
export const FIELD_IMMUTABLE = 'field is immutable';
export const IS_NEGATIVE = 'must be greater than or equal to 0';
export const NOT_POSITIVE = 'must be greater than zero';
export const NOT_INTEGER = 'must be an integer';

export const maxLengthError = (length: number): string => `must be no more than ${length} characters`;
/** What label keys and values say instead of `maxLengthError`. */
export const maxBytesError = (length: number): string => `must be no more than ${length} bytes`;
export const emptyError = (): string => 'must be non-empty';
export const inclusiveRangeError = (low: number, high: number): string =>
  `must be between ${low} and ${high}, inclusive`;

/** Says which pattern failed, with examples of what would match. */
export function regexError(message: string, pattern: string, ...examples: string[]): string {
  if (examples.length === 0) return `${message} (regex used for validation is '${pattern}')`;
  return `${message} (e.g. ${examples.map((example) => `'${example}', `).join(' or ')}regex used for validation is '${pattern}')`;
}

/** Go's `len` of a string: bytes of UTF-8. */
export function byteLength(text: string): number {
  return Buffer.byteLength(text);
}
