import { type FieldError, invalid, notSupported, required } from '../../meta/field-error.ts';
import { validFieldPath } from '../cel/field-path.ts';
import type { JsonSchema, ValidationRule } from '../json-schema.ts';
import { notStructurable } from '../structural.ts';

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];
const NEWLINE = /[\n\r]/;
const EMPTY = 'must be non-empty if specified';
const LINE_BREAKS = 'must not contain line breaks';

/**
 * Errors of what a rule says beside its expressions, which are compiled elsewhere. Source:
 * apiextensions-apiserver pkg/apis/apiextensions/validation (x-kubernetes-validations).
 */
export function declarationErrors(rule: ValidationRule, schema: JsonSchema, path: string): FieldError[] {
  const errors = messageErrors(rule, path);
  if (rule.messageExpression && rule.messageExpression.trim() === '') {
    errors.push(required(`${path}.messageExpression`, `messageExpression ${EMPTY}`));
  }
  if (rule.reason !== undefined && !REASONS.includes(rule.reason)) {
    errors.push(notSupported(`${path}.reason`, rule.reason, REASONS));
  }
  if (rule.fieldPath) errors.push(...fieldPathErrors(rule.fieldPath, schema, `${path}.fieldPath`));
  return errors;
}

/** Of the rule and its message only the first is told. */
function messageErrors(rule: ValidationRule, path: string): FieldError[] {
  const text = (rule.rule ?? '').trim();
  const message = (rule.message ?? '').trim();
  if (text === '') return [required(`${path}.rule`, 'rule is not specified')];
  if (rule.message && message === '') return [invalid(`${path}.message`, rule.message, EMPTY)];
  if (NEWLINE.test(message)) return [invalid(`${path}.message`, rule.message, LINE_BREAKS)];
  if (NEWLINE.test(text) && message === '') {
    return [required(`${path}.message`, 'message must be specified if rule contains line breaks')];
  }
  return [];
}

function fieldPathErrors(fieldPath: string, schema: JsonSchema, field: string): FieldError[] {
  const texts: string[] = [];
  if (fieldPath.trim() === '') texts.push(EMPTY);
  if (NEWLINE.test(fieldPath)) texts.push(LINE_BREAKS);
  if (notStructurable(schema) === undefined && 'problem' in validFieldPath(fieldPath, schema)) {
    texts.push('must be a valid path');
  }
  return texts.map((text) => invalid(field, fieldPath, text));
}
