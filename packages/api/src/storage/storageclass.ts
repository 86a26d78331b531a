import { deepEqual } from '@sampan/base';
import { oldLabelMessage } from '../core/old-labels.ts';
import { immutable, labelNameErrors, list, oneOf, type Part } from '../core/shared.ts';
import type { KindRules } from '../kinds/resource.ts';
import { duplicate, type FieldError, forbidden, notSupported, required } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { parametersErrors, provisionerErrors } from './parameters.ts';

const RECLAIM_POLICIES = ['Delete', 'Retain'];
const BINDING_MODES = ['Immediate', 'WaitForFirstConsumer'];

function requirementErrors(requirement: Part, field: string): FieldError[] {
  const values: string[] = list(requirement.values);
  const errors = values.length === 0 ? [required(`${field}.values`)] : [];
  const seen = new Set<string>();
  values.forEach((value, i) => {
    if (seen.has(value)) errors.push(duplicate(`${field}.values[${i}]`, value));
    seen.add(value);
  });
  return [...errors, ...labelNameErrors(requirement.key ?? '', `${field}.key`)];
}

/** Terms that say the same: keys in any order, values as sets. */
function termId(term: Part): string {
  const pairs = new Map<string, string[]>();
  for (const { key, values } of list(term.matchLabelExpressions))
    pairs.set(key, [...new Set<string>(values)].sort());
  return JSON.stringify([...pairs].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function topologyErrors(terms: readonly Part[]): FieldError[] {
  const seenTerms = new Set<string>();
  return terms.flatMap((term, i) => {
    const field = `allowedTopologies[${i}].matchLabelExpressions`;
    const seenKeys = new Set<string>();
    const errors: FieldError[] = [];
    list(term.matchLabelExpressions).forEach((requirement, j) => {
      errors.push(...requirementErrors(requirement, `${field}[${j}]`));
      if (seenKeys.has(requirement.key)) errors.push(duplicate(`${field}[${j}].key`, requirement.key));
      seenKeys.add(requirement.key);
    });
    const id = termId(term);
    if (seenTerms.has(id)) errors.push(duplicate(field, ''));
    seenTerms.add(id);
    return errors;
  });
}

function validate(storageClass: KubeObject): FieldError[] {
  const mode: string | undefined = storageClass.volumeBindingMode;
  const bindingErrors =
    mode === undefined
      ? [required('volumeBindingMode')]
      : BINDING_MODES.includes(mode)
        ? []
        : [notSupported('volumeBindingMode', mode, BINDING_MODES)];
  return [
    ...provisionerErrors(storageClass.provisioner ?? '', 'provisioner'),
    ...parametersErrors(storageClass.parameters, 'parameters', true),
    ...oneOf('reclaimPolicy', storageClass.reclaimPolicy || undefined, RECLAIM_POLICIES),
    ...bindingErrors,
    ...topologyErrors(list(storageClass.allowedTopologies)),
  ];
}

function topologyWarnings(storageClass: KubeObject): string[] {
  return list(storageClass.allowedTopologies).flatMap((term, i) =>
    list(term.matchLabelExpressions).flatMap(({ key }, j) => {
      const message = oldLabelMessage(key);
      const field = `allowedTopologies[${i}].matchLabelExpressions[${j}].key`;
      return message === undefined ? [] : [`${field}: ${key} is ${message}`];
    }),
  );
}

export const storageClassRules: KindRules = {
  setDefaults(storageClass) {
    storageClass.reclaimPolicy ??= 'Delete';
    storageClass.volumeBindingMode ??= 'Immediate';
  },
  validate,
  warnings: topologyWarnings,
  validateUpdate(storageClass, old) {
    const fixed = ['parameters', 'provisioner', 'reclaimPolicy'].filter(
      (key) => !deepEqual(storageClass[key] ?? {}, old[key] ?? {}),
    );
    return [
      ...fixed.map((key) => forbidden(key, `updates to ${key} are forbidden.`)),
      ...immutable('volumeBindingMode', storageClass.volumeBindingMode, old.volumeBindingMode),
    ];
  },
  generation: false,
};
