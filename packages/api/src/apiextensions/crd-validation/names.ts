import { type FieldError, invalid, required } from '../../meta/field-error.ts';
import { isDNS1035Label } from '../../validation/dns.ts';
import type { CrdNames } from '../crd.ts';

/** Errors of the names that a definition asks for; some of them it must ask for. */
export function specNamesErrors(names: CrdNames): FieldError[] {
  const missing = (['plural', 'singular', 'kind', 'listKind'] as const).filter((name) => !names[name]);
  return [...missing.map((name) => required(`spec.names.${name}`)), ...namesErrors(names, 'spec.names')];
}

/** Source: apiextensions-apiserver validation.ValidateCustomResourceDefinitionNames. */
export function namesErrors(names: CrdNames, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const label = (value: string, shown: string, field: string, prefix = ''): void => {
    const messages = isDNS1035Label(value);
    if (messages.length > 0)
      errors.push(invalid(`${path}.${field}`, shown, `${prefix}${messages.join(',')}`));
  };
  for (const name of ['plural', 'singular'] as const) {
    const value = names[name];
    if (value) label(value, value, name);
  }
  for (const name of ['kind', 'listKind'] as const) {
    const value = names[name];
    const prefix = 'may have mixed case, but should otherwise match: ';
    if (value) label(value.toLowerCase(), value, name, prefix);
  }
  names.shortNames?.forEach((value, i) => {
    label(value, value, `shortNames[${i}]`);
  });
  if (names.kind && names.kind === names.listKind) {
    errors.push(invalid(`${path}.listKind`, names.listKind, 'kind and listKind may not be the same'));
  }
  names.categories?.forEach((value, i) => {
    label(value, value, `categories[${i}]`);
  });
  return errors;
}
