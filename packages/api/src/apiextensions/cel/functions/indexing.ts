import { Uint } from '../ast.ts';
import {
  CelError,
  type CelValue,
  describe,
  equals,
  isList,
  isMap,
  type ListValue,
  type MapValue,
  noSuchOverload,
  Optional,
  typeName,
} from '../values.ts';

export function at(list: ListValue, index: CelValue): CelValue {
  const i = typeof index === 'bigint' ? Number(index) : index instanceof Uint ? Number(index.value) : index;
  if (typeof i !== 'number' || !Number.isInteger(i))
    throw new CelError(`unsupported index type '${typeName(index)}' in list`);
  if (i < 0 || i >= list.size) throw new CelError(`index out of bounds: ${i}`);
  return list.get(i);
}

export function member(map: MapValue, key: CelValue): CelValue {
  const found = map.get(key);
  if (found === undefined)
    throw new CelError(`no such key: ${typeof key === 'string' ? key : describe(key)}`);
  return found;
}

export function optionalIndex(container: CelValue, key: CelValue): Optional {
  if (container instanceof Optional) {
    return container.value === undefined ? Optional.NONE : optionalIndex(container.value, key);
  }
  if (isList(container)) {
    const i = typeof key === 'bigint' ? Number(key) : -1;
    return i >= 0 && i < container.size ? new Optional(container.get(i)) : Optional.NONE;
  }
  if (!isMap(container)) return noSuchOverload();
  const found = container.get(key);
  return found === undefined ? Optional.NONE : new Optional(found);
}

export function contains(list: ListValue, value: CelValue): boolean {
  for (let i = 0; i < list.size; i++) if (equals(list.get(i), value)) return true;
  return false;
}
