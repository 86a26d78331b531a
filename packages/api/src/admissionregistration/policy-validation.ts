import { type CompiledExpression, compileDynamic, type Variables } from '../apiextensions/cel/dynamic.ts';
import { labelSelectorErrors, oneOf } from '../core/shared.ts';
import { duplicate, type FieldError, invalid, notSupported, required } from '../meta/field-error.ts';
import { isDNS1035Label } from '../validation/dns.ts';
import { isCIdentifier } from '../validation/formats.ts';
import { isQualifiedName } from '../validation/label-syntax.ts';
import { matchConditionErrors } from './match-conditions.ts';
import { policyVariables } from './policy-run.ts';
import type {
  MatchResources,
  MutatingPolicy,
  MutatingPolicySpec,
  PolicyBinding,
  PolicyValidation,
  ValidatingPolicy,
  ValidatingPolicySpec,
} from './policy-types.ts';
import { admissionRuleErrors } from './rule-validation.ts';

const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized'];
const ACTIONS = ['Audit', 'Deny', 'Warn'];
const BOTH =
  'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)';

/** Source: pkg/apis/admissionregistration/validation validateValidatingAdmissionPolicySpec. */
export function policyErrors({ spec }: ValidatingPolicy): FieldError[] {
  const { validations = [], auditAnnotations = [] } = spec;
  const errors = commonErrors(spec);
  if (validations.length === 0 && auditAnnotations.length === 0) {
    const text = 'validations or auditAnnotations must contain at least one item';
    errors.push(required('spec.validations', text), required('spec.auditAnnotations', text));
  }
  const variables = policyVariables(spec);
  return [
    ...errors,
    ...validations.flatMap((validation, i) =>
      validationErrors(validation, `spec.validations[${i}]`, variables),
    ),
    ...annotationErrors(spec, variables),
  ];
}

/** What policies of both sorts have. */
function commonErrors(spec: Omit<MutatingPolicySpec, 'mutations'>): FieldError[] {
  return [
    ...oneOf('spec.failurePolicy', spec.failurePolicy, ['Fail', 'Ignore']),
    ...paramKindErrors(spec.paramKind),
    ...(spec.matchConstraints
      ? matchErrors(spec.matchConstraints, 'spec.matchConstraints', true)
      : [required('spec.matchConstraints')]),
    ...matchConditionErrors(spec.matchConditions ?? [], 'spec.matchConditions', policyVariables(spec, 0)),
    ...variableErrors(spec),
  ];
}

/** Source: pkg/apis/admissionregistration/validation validateMutatingAdmissionPolicySpec. */
export function mutatingPolicyErrors({ spec }: MutatingPolicy): FieldError[] {
  const { mutations = [], reinvocationPolicy } = spec;
  const errors = commonErrors(spec);
  if (mutations.length === 0)
    errors.push(required('spec.mutations', 'mutations must contain at least one item'));
  const variables = policyVariables(spec);
  mutations.forEach(({ patchType, applyConfiguration, jsonPatch }, i) => {
    const field = `spec.mutations[${i}]`;
    const applies = patchType === 'ApplyConfiguration';
    const [part, name] = applies ? [applyConfiguration, 'applyConfiguration'] : [jsonPatch, 'jsonPatch'];
    if (patchType === undefined || patchType === '') errors.push(required(`${field}.patchType`));
    else if (!PATCH_TYPES.includes(patchType))
      errors.push(notSupported(`${field}.patchType`, patchType, PATCH_TYPES));
    else if (!part)
      errors.push(required(`${field}.${name}`, `must be specified when patchType is ${patchType}`));
    else {
      const compile = (text: string) => compileDynamic(text, variables, applies ? 'map' : 'list');
      errors.push(...expressionErrors(part.expression ?? '', `${field}.${name}.expression`, compile));
    }
  });
  if (reinvocationPolicy === undefined) errors.push(required('spec.reinvocationPolicy'));
  return [...errors, ...oneOf('spec.reinvocationPolicy', reinvocationPolicy, ['IfNeeded', 'Never'])];
}

const PATCH_TYPES = ['ApplyConfiguration', 'JSONPatch'];

function paramKindErrors(paramKind: ValidatingPolicySpec['paramKind']): FieldError[] {
  if (!paramKind) return [];
  const { apiVersion = '', kind = '' } = paramKind;
  const errors: FieldError[] = [];
  if (apiVersion === '') errors.push(required('spec.paramKind.apiVersion'));
  else if (apiVersion.split('/').length > 2)
    errors.push(
      invalid('spec.paramKind.apiVersion', apiVersion, `unexpected GroupVersion string: ${apiVersion}`),
    );
  if (kind === '') errors.push(required('spec.paramKind.kind'));
  else
    for (const text of isDNS1035Label(kind.toLowerCase()))
      errors.push(
        invalid('spec.paramKind.kind', kind, `may have mixed case, but should otherwise match: ${text}`),
      );
  return errors;
}

function matchErrors(match: MatchResources, field: string, needsRules: boolean): FieldError[] {
  const { resourceRules = [], excludeResourceRules = [] } = match;
  const rules = (name: string, list: typeof resourceRules) =>
    list.flatMap((rule, i) => admissionRuleErrors(rule, `${field}.${name}[${i}]`));
  return [
    ...oneOf(`${field}.matchPolicy`, match.matchPolicy, ['Equivalent', 'Exact']),
    ...labelSelectorErrors(match.namespaceSelector, `${field}.namespaceSelector`),
    ...labelSelectorErrors(match.objectSelector, `${field}.objectSelector`),
    ...rules('resourceRules', resourceRules),
    ...rules('excludeResourceRules', excludeResourceRules),
    ...(needsRules && resourceRules.length === 0 ? [required(`${field}.resourceRules`)] : []),
  ];
}

function expressionErrors(
  text: string,
  field: string,
  compile: (text: string) => CompiledExpression,
): FieldError[] {
  if (text.trim() === '') return [required(field, 'expression is not specified')];
  const compiled = compile(text);
  return 'error' in compiled ? [invalid(field, text, compiled.error)] : [];
}

function variableErrors(spec: Pick<ValidatingPolicySpec, 'variables' | 'paramKind'>): FieldError[] {
  const names = new Set<string>();
  return (spec.variables ?? []).flatMap(({ name = '', expression = '' }, i) => {
    const field = `spec.variables[${i}]`;
    const errors: FieldError[] = [];
    if (name.trim() === '') errors.push(required(`${field}.name`, 'name is not specified'));
    else if (isCIdentifier(name).length > 0)
      errors.push(invalid(`${field}.name`, name, 'name is not a valid CEL identifier'));
    if (names.has(name)) errors.push(duplicate(`${field}.name`, name));
    names.add(name);
    // an expression sees the variables before it
    const compile = (text: string) => compileDynamic(text, policyVariables(spec, i), 'any');
    return [...errors, ...expressionErrors(expression, `${field}.expression`, compile)];
  });
}

function validationErrors(validation: PolicyValidation, field: string, variables: Variables): FieldError[] {
  const { expression = '', message = '', messageExpression = '', reason } = validation;
  const errors = expressionErrors(expression, `${field}.expression`, (text) =>
    compileDynamic(text, variables, 'bool'),
  );
  if (messageExpression.trim() !== '') {
    const compiled = compileDynamic(messageExpression, variables, 'string');
    if ('error' in compiled)
      errors.push(invalid(`${field}.messageExpression`, messageExpression, compiled.error));
  }
  if (message !== '' && message.trim() === '')
    errors.push(invalid(`${field}.message`, message, 'message must be non-empty if specified'));
  else if (message.trim().includes('\n'))
    errors.push(invalid(`${field}.message`, message, 'message must not contain line breaks'));
  else if (message === '' && expression.trim().includes('\n'))
    errors.push(required(`${field}.message`, 'message must be specified if expression contains line breaks'));
  return [...errors, ...oneOf(`${field}.reason`, reason, REASONS)];
}

function annotationErrors(spec: ValidatingPolicySpec, variables: Variables): FieldError[] {
  const keys = new Set<string>();
  return (spec.auditAnnotations ?? []).flatMap(({ key = '', valueExpression = '' }, i) => {
    const field = `spec.auditAnnotations[${i}]`;
    const errors: FieldError[] = [];
    if (key.trim() === '') errors.push(required(`${field}.key`));
    else for (const text of isQualifiedName(key)) errors.push(invalid(`${field}.key`, key, text));
    if (keys.has(key)) errors.push(duplicate(`${field}.key`, key));
    keys.add(key);
    const compile = (text: string) => compileDynamic(text, variables, 'any');
    return [...errors, ...expressionErrors(valueExpression, `${field}.valueExpression`, compile)];
  });
}

/** Source: pkg/apis/admissionregistration/validation validateValidatingAdmissionPolicyBindingSpec. */
export function policyBindingErrors({ spec }: PolicyBinding): FieldError[] {
  return [
    ...mutatingBindingErrors({ spec }),
    ...actionErrors(spec.validationActions ?? [], 'spec.validationActions'),
  ];
}

export function mutatingBindingErrors({ spec }: Pick<PolicyBinding, 'spec'>): FieldError[] {
  const errors: FieldError[] = [];
  if (!spec.policyName) errors.push(required('spec.policyName'));
  if (spec.paramRef) errors.push(...paramRefErrors(spec.paramRef));
  if (spec.matchResources) errors.push(...matchErrors(spec.matchResources, 'spec.matchResources', false));
  return errors;
}

function actionErrors(actions: readonly string[], field: string): FieldError[] {
  if (actions.length === 0) return [required(field)];
  const errors = actions.flatMap((action, i): FieldError[] => {
    if (!ACTIONS.includes(action)) return [notSupported(`${field}[${i}]`, action, ACTIONS)];
    return actions.indexOf(action) < i ? [duplicate(`${field}[${i}]`, action)] : [];
  });
  if (actions.includes('Deny') && actions.includes('Warn')) errors.push(invalid(field, actions, BOTH));
  return errors;
}

function paramRefErrors(ref: NonNullable<PolicyBinding['spec']['paramRef']>): FieldError[] {
  const field = 'spec.paramRef';
  const { name = '', selector, parameterNotFoundAction } = ref;
  const errors: FieldError[] = [];
  if (name !== '' && selector)
    errors.push(invalid(`${field}.name`, name, 'name and selector are mutually exclusive'));
  if (name === '' && !selector) errors.push(required(field, 'one of name or selector must be specified'));
  errors.push(...labelSelectorErrors(selector, `${field}.selector`));
  if (parameterNotFoundAction === undefined) errors.push(required(`${field}.parameterNotFoundAction`));
  return [
    ...errors,
    ...oneOf(`${field}.parameterNotFoundAction`, parameterNotFoundAction, ['Allow', 'Deny']),
  ];
}
