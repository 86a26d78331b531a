import { type FieldError, forbidden, invalid, required } from '../meta/field-error.ts';
import { each, labelNameErrors, list, nameIsDnsSubdomain, type Part } from './shared.ts';

const NOT_AN_OPERATOR = 'not a valid selector operator';

function expressionErrors(requirement: Part, field: string): FieldError[] {
  const values = list(requirement.values);
  const errors: FieldError[] = [];
  switch (requirement.operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) {
        errors.push(required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
      }
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        const message = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
        errors.push(forbidden(`${field}.values`, message));
      }
      break;
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) {
        errors.push(
          required(`${field}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"),
        );
      }
      break;
    default:
      errors.push(invalid(`${field}.operator`, requirement.operator ?? '', NOT_AN_OPERATOR));
  }
  return [...errors, ...labelNameErrors(requirement.key ?? '', `${field}.key`)];
}

function fieldErrors(requirement: Part, field: string): FieldError[] {
  const values = list(requirement.values);
  const errors: FieldError[] = [];
  if (requirement.operator === 'In' || requirement.operator === 'NotIn') {
    if (values.length !== 1) {
      const message = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
      errors.push(required(`${field}.values`, message));
    }
  } else errors.push(invalid(`${field}.operator`, requirement.operator ?? '', NOT_AN_OPERATOR));
  if (requirement.key !== 'metadata.name') {
    errors.push(invalid(`${field}.key`, requirement.key ?? '', 'not a valid field selector key'));
    return errors;
  }
  for (const [i, value] of values.entries())
    errors.push(...each(`${field}.values[${i}]`, value, nameIsDnsSubdomain(value, false)));
  return errors;
}

/** ValidateNodeSelector */
export function nodeSelectorErrors(selector: Part, field: string): FieldError[] {
  const terms = list(selector.nodeSelectorTerms);
  const path = `${field}.nodeSelectorTerms`;
  if (terms.length === 0) return [required(path, 'must have at least one node selector term')];
  return terms.flatMap((term, i) => [
    ...list(term.matchExpressions).flatMap((e, j) =>
      expressionErrors(e, `${path}[${i}].matchExpressions[${j}]`),
    ),
    ...list(term.matchFields).flatMap((f, j) => fieldErrors(f, `${path}[${i}].matchFields[${j}]`)),
  ]);
}
