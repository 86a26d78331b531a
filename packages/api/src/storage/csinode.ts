import { deepEqual } from '@sampan/base';
import { csiDriverNameErrors } from '../core/persistentvolume-sources.ts';
import { each, list, nonNegative, type Part, qualifiedName } from '../core/shared.ts';
import type { KindRules } from '../kinds/resource.ts';
import { duplicate, type FieldError, invalid, required } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { byteLength } from '../validation/messages.ts';

const MAX_NODE_ID = 192;

function nodeIdErrors(id: string, field: string): FieldError[] {
  if (id === '') return [required(field)];
  return byteLength(id) > MAX_NODE_ID
    ? [invalid(field, id, `must be ${MAX_NODE_ID} characters or less`)]
    : [];
}

function topologyErrors(keys: readonly string[], field: string): FieldError[] {
  const seen = new Set<string>();
  return keys.flatMap((key) => {
    const errors: FieldError[] = [];
    if (key === '') errors.push(required(field));
    if (seen.has(key)) errors.push(duplicate(field, key));
    seen.add(key);
    return [...errors, ...each(field, keys, qualifiedName(key))];
  });
}

function validate(node: KubeObject): FieldError[] {
  const seen = new Set<string>();
  return list(node.spec?.drivers).flatMap((driver, i) => {
    const field = `spec.drivers[${i}]`;
    const name: string = driver.name ?? '';
    const errors = [
      ...csiDriverNameErrors(name, `${field}.name`),
      ...nodeIdErrors(driver.nodeID ?? '', `${field}.nodeID`),
      ...nonNegative(`${field}.allocatable.count`, driver.allocatable?.count),
    ];
    if (seen.has(name)) errors.push(duplicate(`${field}.name`, name));
    seen.add(name);
    return [...errors, ...topologyErrors(list(driver.topologyKeys), field)];
  });
}

/** A driver's entry may come and go, and its count change; its identity stays. */
function driverChanges(node: KubeObject, old: KubeObject): FieldError[] {
  const fixed = ({ allocatable: _, ...rest }: Part): Part => rest;
  const before = new Map<string, Part>(list(old.spec?.drivers).map((driver) => [driver.name, driver]));
  return list(node.spec?.drivers).flatMap((driver) => {
    const known = before.get(driver.name);
    return known === undefined || deepEqual(fixed(known), fixed(driver))
      ? []
      : [invalid('CSINodeDriver', driver, 'field is immutable')];
  });
}

export const csiNodeRules: KindRules = {
  validate,
  validateUpdate: (node, old) => [...validate(node), ...driverChanges(node, old)],
  unconditionalUpdate: false,
  generation: false,
};
