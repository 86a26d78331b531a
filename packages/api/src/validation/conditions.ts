import { duplicate, type FieldError, invalid, notSupported, required, tooLong } from '../meta/field-error.ts';
import { append } from './append.ts';
import { validateLabelName } from './label-selector.ts';
import { byteLength, regexError } from './messages.ts';

/** metav1.Condition. */
export interface Condition {
  type: string;
  status: string;
  observedGeneration?: number;
  lastTransitionTime?: string | null;
  reason?: string;
  message?: string;
}

const MAX_REASON = 1024;
const MAX_MESSAGE = 32 * 1024;
const REASON = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';
const reasonRegExp = new RegExp(`^(?:${REASON})$`);
const reasonError = regexError(
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'",
  REASON,
  'my_name',
  'MY_NAME',
  'MyName',
  'ReasonA,ReasonB',
  'ReasonA:ReasonB',
);

/** metav1 validation.ValidateConditions. */
export function validateConditions(
  conditions: readonly Condition[] | undefined,
  field: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  conditions?.forEach((condition, i) => {
    const at = `${field}[${i}]`;
    if (seen.has(condition.type)) errors.push(duplicate(`${at}.type`, condition.type));
    seen.add(condition.type);
    append(errors, validateCondition(condition, at));
  });
  return errors;
}

function validateCondition(condition: Condition, field: string): FieldError[] {
  const errors = validateLabelName(condition.type ?? '', `${field}.type`);
  if (!['False', 'True', 'Unknown'].includes(condition.status)) {
    errors.push(notSupported(`${field}.status`, condition.status ?? '', ['False', 'True', 'Unknown']));
  }
  if ((condition.observedGeneration ?? 0) < 0) {
    errors.push(
      invalid(
        `${field}.observedGeneration`,
        condition.observedGeneration,
        'must be greater than or equal to zero',
      ),
    );
  }
  if (!condition.lastTransitionTime) errors.push(required(`${field}.lastTransitionTime`));
  const reason = condition.reason ?? '';
  if (reason === '') errors.push(required(`${field}.reason`));
  else {
    if (!reasonRegExp.test(reason)) errors.push(invalid(`${field}.reason`, reason, reasonError));
    if (byteLength(reason) > MAX_REASON) errors.push(tooLong(`${field}.reason`, MAX_REASON));
  }
  if (byteLength(condition.message ?? '') > MAX_MESSAGE)
    errors.push(tooLong(`${field}.message`, MAX_MESSAGE));
  return errors;
}
