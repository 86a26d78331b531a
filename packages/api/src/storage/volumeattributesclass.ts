import { deepEqual } from '@sampan/base';
import type { KindRules } from '../kinds/resource.ts';
import { forbidden } from '../meta/field-error.ts';
import { parametersErrors, provisionerErrors } from './parameters.ts';

export const volumeAttributesClassRules: KindRules = {
  validate: (attributes) => [
    ...provisionerErrors(attributes.driverName ?? '', 'driverName'),
    ...parametersErrors(attributes.parameters, 'parameters', false),
  ],
  validateUpdate: (attributes, old) =>
    ['driverName', 'parameters']
      .filter((key) => !deepEqual(attributes[key] ?? {}, old[key] ?? {}))
      .map((key) => forbidden(key, `updates to ${key} are forbidden.`)),
};
