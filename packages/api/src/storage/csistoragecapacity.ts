import { each, immutable, labelSelectorErrors, nameIsDnsSubdomain, quantity } from '../core/shared.ts';
import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, invalid } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { IS_NEGATIVE } from '../validation/messages.ts';

function amountErrors(value: string | undefined, field: string): FieldError[] {
  if (value === undefined || quantity(value).sign() >= 0) return [];
  return [invalid(field, quantity(value).toString(), IS_NEGATIVE)];
}

function validate(capacity: KubeObject): FieldError[] {
  const name: string = capacity.storageClassName ?? '';
  return [
    ...labelSelectorErrors(capacity.nodeTopology, 'nodeTopology'),
    ...each('storageClassName', name, nameIsDnsSubdomain(name, false)),
    ...amountErrors(capacity.capacity, 'capacity'),
    ...amountErrors(capacity.maximumVolumeSize, 'maximumVolumeSize'),
  ];
}

export const csiStorageCapacityRules: KindRules = {
  validate,
  validateUpdate: (capacity, old) => [
    ...validate(capacity),
    ...immutable('nodeTopology', capacity.nodeTopology, old.nodeTopology),
    ...immutable('storageClassName', capacity.storageClassName ?? '', old.storageClassName ?? ''),
  ],
  unconditionalUpdate: false,
  generation: false,
};
