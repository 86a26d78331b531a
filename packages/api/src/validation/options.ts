import { type FieldError, forbidden, invalid, notSupported, required } from '../meta/field-error.ts';
import { validateFieldManager } from './managed-fields.ts';

/** Options of write requests (apimachinery pkg/apis/meta/v1/validation). */
export interface WriteOptions {
  readonly fieldManager?: string;
  readonly dryRun?: readonly string[];
  readonly fieldValidation?: string;
  readonly force?: boolean;
}

export interface DeleteOptionsInput {
  readonly orphanDependents?: boolean;
  readonly propagationPolicy?: string;
  readonly dryRun?: readonly string[];
}

const PROPAGATION = ['Foreground', 'Background', 'Orphan'];

export function validateDryRun(dryRun: readonly string[] | undefined, field = 'dryRun'): FieldError[] {
  return dryRun?.some((value) => value !== 'All') ? [notSupported(field, dryRun, ['All'])] : [];
}

export function validateFieldValidation(value: string | undefined, field = 'fieldValidation'): FieldError[] {
  const allowed = ['', 'Ignore', 'Strict', 'Warn'];
  return value === undefined || allowed.includes(value) ? [] : [notSupported(field, value, allowed)];
}

/** CreateOptions and UpdateOptions. */
export function validateWriteOptions(options: WriteOptions): FieldError[] {
  return [
    ...validateFieldManager(options.fieldManager ?? '', 'fieldManager'),
    ...validateDryRun(options.dryRun),
    ...validateFieldValidation(options.fieldValidation),
  ];
}

export function validatePatchOptions(options: WriteOptions, apply: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (apply) {
    if (!options.fieldManager) errors.push(required('fieldManager', 'is required for apply patch'));
  } else if (options.force !== undefined) {
    errors.push(forbidden('force', 'may not be specified for non-apply patch'));
  }
  return [...errors, ...validateWriteOptions(options)];
}

export function validateDeleteOptions(options: DeleteOptionsInput): FieldError[] {
  const errors: FieldError[] = [];
  const policy = options.propagationPolicy;
  if (options.orphanDependents !== undefined && policy !== undefined) {
    errors.push(
      invalid('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'),
    );
  }
  if (policy !== undefined && !PROPAGATION.includes(policy)) {
    errors.push(notSupported('propagationPolicy', policy, [...PROPAGATION, 'nil']));
  }
  return [...errors, ...validateDryRun(options.dryRun)];
}
