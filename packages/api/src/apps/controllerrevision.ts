import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, invalid, required } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { validateImmutable } from '../validation/immutable.ts';
import { IS_NEGATIVE } from '../validation/messages.ts';

/** ValidateControllerRevision. */
function validate(revision: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  if (revision.data === undefined || revision.data === null)
    errors.push(required('data', 'data is mandatory'));
  if ((revision.revision ?? 0) < 0) errors.push(invalid('revision', revision.revision, IS_NEGATIVE));
  return errors;
}

export const controllerRevisionRules: KindRules = {
  validate,
  validateUpdate: (revision, old) => [
    ...validate(revision),
    ...validateImmutable(revision.data, old.data, 'data'),
  ],
};
