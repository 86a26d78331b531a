import { oldLabelMessage } from '../core/old-labels.ts';
import { roundToMilli } from '../core/pod/defaults.ts';
import { validateTolerations } from '../core/pod/scheduling.ts';
import { containerResourceNameErrors, resourceQuantityErrors } from '../core/resource-names.ts';
import {
  each,
  immutable,
  labelsErrors,
  list,
  nameIsDnsLabel,
  type Part,
  sortedEntries,
} from '../core/shared.ts';
import type { KindRules } from '../kinds/resource.ts';
import { duplicate, type FieldError } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';

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
    ...validateTolerations(tolerations, `${field}.tolerations`),
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
  setDefaults: (runtime) => roundToMilli(runtime.overhead?.podFixed),
  validate,
  warnings: (runtime) =>
    Object.keys(runtime.scheduling?.nodeSelector ?? {}).flatMap((label) => {
      const message = oldLabelMessage(label);
      return message === undefined ? [] : [`scheduling.nodeSelector: ${message}`];
    }),
  validateUpdate: (runtime, old) => immutable('handler', runtime.handler, old.handler),
  createOnUpdate: true,
  unconditionalUpdate: false,
  generation: false,
};
