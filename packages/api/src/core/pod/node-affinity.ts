import type * as k8s from '../../generated/types.ts';
import { forbidden, invalid, required } from '../../meta/field-error.ts';
import { append } from '../../validation/append.ts';
import { isDNS1123Subdomain } from '../../validation/dns.ts';
import { validateLabelName } from '../../validation/label-selector.ts';
import { isValidLabelValue } from '../../validation/label-syntax.ts';
import { addMessages } from './checks.ts';
import type { Errors, PodContext } from './types.ts';

const NOT_AN_OPERATOR = 'not a valid selector operator';

/** validateNodeAffinity. */
export function validateNodeAffinity(
  affinity: k8s.NodeAffinity,
  path: string,
  context: PodContext,
  errors: Errors,
): void {
  const required_ = affinity.requiredDuringSchedulingIgnoredDuringExecution;
  if (required_ !== undefined) {
    const at = `${path}.requiredDuringSchedulingIgnoredDuringExecution`;
    validateNodeSelector(required_, at, context.allowed.invalidLabelValueInNodeAffinity === true, errors);
  }
  affinity.preferredDuringSchedulingIgnoredDuringExecution?.forEach((term, i) => {
    const at = `${path}.preferredDuringSchedulingIgnoredDuringExecution[${i}]`;
    const weight = term.weight ?? 0;
    if (weight <= 0 || weight > 100)
      errors.push(invalid(`${at}.weight`, weight, 'must be in the range 1-100'));
    // A preference may hold a value that no label can have: a single node satisfies it anyway.
    validateTerm(term.preference ?? {}, `${at}.preference`, true, errors);
  });
}

/** ValidateNodeSelector. */
export function validateNodeSelector(
  selector: k8s.NodeSelector,
  path: string,
  allowInvalidValues: boolean,
  errors: Errors,
): void {
  const terms = selector.nodeSelectorTerms ?? [];
  const at = `${path}.nodeSelectorTerms`;
  if (terms.length === 0) errors.push(required(at, 'must have at least one node selector term'));
  terms.forEach((term, i) => {
    validateTerm(term, `${at}[${i}]`, allowInvalidValues, errors);
  });
}

function validateTerm(
  term: k8s.NodeSelectorTerm,
  path: string,
  allowInvalidValues: boolean,
  errors: Errors,
): void {
  term.matchExpressions?.forEach((requirement, i) => {
    validateExpression(requirement, `${path}.matchExpressions[${i}]`, allowInvalidValues, errors);
  });
  term.matchFields?.forEach((requirement, i) => {
    validateField(requirement, `${path}.matchFields[${i}]`, errors);
  });
}

function validateExpression(
  requirement: k8s.NodeSelectorRequirement,
  path: string,
  allowInvalidValues: boolean,
  errors: Errors,
): void {
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) {
        errors.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
      }
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
        errors.push(forbidden(`${path}.values`, detail));
      }
      break;
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) {
        const detail = "must be specified single value when `operator` is 'Lt' or 'Gt'";
        errors.push(required(`${path}.values`, detail));
      }
      break;
    default:
      errors.push(invalid(`${path}.operator`, requirement.operator ?? '', NOT_AN_OPERATOR));
  }
  append(errors, validateLabelName(requirement.key ?? '', `${path}.key`));
  if (allowInvalidValues) return;
  values.forEach((value, i) => {
    addMessages(errors, `${path}.values[${i}]`, value, isValidLabelValue(value));
  });
}

function validateField(requirement: k8s.NodeSelectorRequirement, path: string, errors: Errors): void {
  const values = requirement.values ?? [];
  if (requirement.operator !== 'In' && requirement.operator !== 'NotIn') {
    errors.push(invalid(`${path}.operator`, requirement.operator ?? '', NOT_AN_OPERATOR));
  } else if (values.length !== 1) {
    const detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.push(required(`${path}.values`, detail));
  }
  if (requirement.key !== 'metadata.name') {
    errors.push(invalid(`${path}.key`, requirement.key ?? '', 'not a valid field selector key'));
    return;
  }
  values.forEach((value, i) => {
    addMessages(errors, `${path}.values[${i}]`, value, isDNS1123Subdomain(value));
  });
}
