import type { Field, StructType } from '../schema/type-schema.ts';

const zeros = new WeakMap<StructType, object>();

/**
 * What upstream compares a new object of a built-in kind with: the zero value of its Go type, in which structs
 * and fields without `omitempty` are there. So `spec` is not owned for being there, but `spec.replicas` is.
 * Custom resources are compared with nothing.
 */
export function zeroObject(type: StructType): object {
  let zero = zeros.get(type);
  if (zero === undefined) {
    zero = Object.freeze(type.name === undefined ? {} : zeroStruct(type));
    zeros.set(type, zero);
  }
  return zero;
}

function zeroStruct(type: StructType): object {
  const zero: Record<string, unknown> = {};
  for (const [name, field] of type.fields) {
    const value = zeroField(field);
    if (value !== undefined) zero[name] = value;
  }
  return zero;
}

function zeroField(field: Field): unknown {
  if (field.pointer === true) return field.omitEmpty === true ? undefined : null;
  const { type } = field;
  // Go's omitempty never omits a struct
  if (type.type === 'struct') return zeroStruct(type);
  const isTime = 'format' in type && (type.format === 'date-time' || type.format === 'micro-time');
  if (isTime) return null;
  if (field.omitEmpty === true) return undefined;
  switch (type.type) {
    case 'string':
      return type.format === 'byte' ? null : '';
    case 'boolean':
      return false;
    case 'integer':
    case 'number':
      return 0;
    default:
      return null;
  }
}
