import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, invalid } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { base64Size, dataKeyErrors, immutableDataErrors, totalSizeError } from './config-data.ts';
import { configMapKey } from './shared.ts';

/** ValidateConfigMap of upstream's core validation. */
function validateConfigMap(map: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  const data: Record<string, string> = map.data ?? {};
  const binaryData: Record<string, string> = map.binaryData ?? {};
  let size = 0;
  for (const [key, value] of Object.entries(data)) {
    for (const message of configMapKey(key)) errors.push(invalid(`data[${key}]`, key, message));
    if (Object.hasOwn(binaryData, key)) {
      errors.push(invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'));
    }
    size += Buffer.byteLength(value);
  }
  errors.push(...dataKeyErrors(binaryData, 'binaryData'));
  for (const value of Object.values(binaryData)) size += base64Size(value);
  errors.push(...totalSizeError(size, ''));
  return errors;
}

export const configMapRules: KindRules = {
  validate: validateConfigMap,
  validateUpdate: (map, old) => [
    ...immutableDataErrors(map, old, ['data', 'binaryData']),
    ...validateConfigMap(map),
  ],
};
