import { type FieldError, invalid, notSupported, required } from '../../meta/field-error.ts';
import { append } from '../../validation/append.ts';
import { isDNS1123Label, isDNS1123Subdomain } from '../../validation/dns.ts';
import { isValidPortName, isValidPortNum } from '../../validation/formats.ts';
import { IS_NEGATIVE } from '../../validation/messages.ts';
import type { Errors } from './types.ts';

/** Small checks that append to a list of errors. */

export function addMessages(
  errors: Errors,
  field: string,
  value: unknown,
  messages: readonly string[],
): void {
  for (const message of messages) errors.push(invalid(field, value, message));
}

export function checkRequired(errors: Errors, field: string, value: unknown, detail = ''): boolean {
  if (value !== undefined && value !== null && value !== '' && value !== 0) return true;
  errors.push(required(field, detail));
  return false;
}

/** An enumerated value that must be there. */
export function checkEnum(
  errors: Errors,
  field: string,
  value: string | undefined,
  supported: readonly string[],
): void {
  if (!value) errors.push(required(field));
  else if (!supported.includes(value)) errors.push(notSupported(field, value, supported));
}

/** An enumerated value that may be absent. */
export function checkOptionalEnum(
  errors: Errors,
  field: string,
  value: string | undefined,
  supported: readonly string[],
): void {
  if (value !== undefined && !supported.includes(value)) errors.push(notSupported(field, value, supported));
}

export function checkNonNegative(errors: Errors, field: string, value: number | undefined): void {
  if (value !== undefined && value < 0) errors.push(invalid(field, value, IS_NEGATIVE));
}

export function checkDNS1123Label(errors: Errors, field: string, value: string): void {
  addMessages(errors, field, value, isDNS1123Label(value));
}

export function checkDNS1123Subdomain(errors: Errors, field: string, value: string): void {
  addMessages(errors, field, value, isDNS1123Subdomain(value));
}

export function checkPortNumOrName(errors: Errors, field: string, port: number | string | undefined): void {
  if (typeof port === 'string') addMessages(errors, field, port, isValidPortName(port));
  else addMessages(errors, field, port ?? 0, isValidPortNum(port ?? 0));
}

export const FILE_MODE_MESSAGE = 'must be a number between 0 and 0777 (octal), both inclusive';

export function checkFileMode(errors: Errors, field: string, mode: number | undefined): void {
  if (mode !== undefined && (mode > 0o777 || mode < 0)) errors.push(invalid(field, mode, FILE_MODE_MESSAGE));
}

/** A path of which no element is `..` (validatePathNoBacksteps). */
export function pathBackstepErrors(path: string, field: string): FieldError[] {
  return path.split('/').includes('..') ? [invalid(field, path, "must not contain '..'")] : [];
}

/** A relative path without `..` (validateLocalDescendingPath). */
export function checkDescendingPath(errors: Errors, field: string, path: string): void {
  if (path.startsWith('/')) errors.push(invalid(field, path, 'must be a relative path'));
  append(errors, pathBackstepErrors(path, field));
}

/** The same, and not starting with `..`, which the kubelet keeps for itself (ValidateLocalNonReservedPath). */
export function checkNonReservedPath(errors: Errors, field: string, path: string): void {
  checkDescendingPath(errors, field, path);
  if (path.startsWith('..') && !path.startsWith('../')) {
    errors.push(invalid(field, path, "must not start with '..'"));
  }
}
