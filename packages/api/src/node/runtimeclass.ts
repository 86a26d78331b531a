import { containerResourceNameErrors, resourceQuantityErrors } from '../core/resource-names.ts';
import {
  each,
  immutable,
  labelNameErrors,
  labelsErrors,
  labelValue,
  list,
  nameIsDnsLabel,
  type Part,
  sortedEntries,
} from '../core/shared.ts';
import type { KindRules } from '../kinds/resource.ts';
import { duplicate, type FieldError, invalid, notSupported } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';

const OPERATORS = ['Equal', 'Exists', 'Lt', 'Gt'];
const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

function tolerationErrors(toleration: Part, field: string): FieldError[] {
  const { key = '', operator = '', value = '', effect = '', tolerationSeconds } = toleration;
  const errors = key === '' ? [] : labelNameErrors(key, `${field}.key`);
  if (key === '' && operator !== 'Exists') {
    const message =
      'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    errors.push(invalid(`${field}.operator`, operator, message));
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    errors.push(
      invalid(`${field}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"),
    );
  }
  if (operator === 'Exists') {
    if (value !== '')
      errors.push(
        invalid(`${field}.operator`, toleration, "value must be empty when `operator` is 'Exists'"),
      );
  } else if (operator === '' || OPERATORS.includes(operator)) {
    const messages = labelValue(value);
    if (messages.length > 0) errors.push(invalid(`${field}.operator`, value, messages.join(';')));
  } else errors.push(notSupported(`${field}.operator`, operator, ['Equal', 'Exists']));
  if (effect !== '' && !EFFECTS.includes(effect))
    errors.push(notSupported(`${field}.effect`, effect, EFFECTS));
  return errors;
}

function schedulingErrors(scheduling: Part): FieldError[] {
  const field = 'scheduling.tolerations';
  const tolerations = list(scheduling?.tolerations);
  const seen = new Set<string>();
  const repeated = tolerations.flatMap((toleration, i) => {
    const { key, operator, value, effect } = toleration;
    const id = JSON.stringify([key, operator, value, effect]);
    if (seen.has(id)) return [duplicate(`${field}[${i}]`, toleration)];
    seen.add(id);
    return [];
  });
  return [
    ...labelsErrors(scheduling?.nodeSelector, 'scheduling.nodeSelector'),
    // Upstream repeats the field's name in the path of a toleration.
    ...tolerations.flatMap((toleration, i) => tolerationErrors(toleration, `${field}.tolerations[${i}]`)),
    ...repeated,
  ];
}

function validate(runtime: KubeObject): FieldError[] {
  const handler: string = runtime.handler ?? '';
  return [
    ...each('handler', handler, nameIsDnsLabel(handler, false)),
    ...sortedEntries(runtime.overhead?.podFixed).flatMap(([name, value]) => [
      ...containerResourceNameErrors(name, `overhead.limits[${name}]`),
      ...resourceQuantityErrors(name, value, `overhead.limits[${name}]`),
    ]),
    ...schedulingErrors(runtime.scheduling),
  ];
}

export const runtimeClassRules: KindRules = {
  validate,
  validateUpdate: (runtime, old) => immutable('handler', runtime.handler, old.handler),
  generation: false,
};
