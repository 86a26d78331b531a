import type { Field, StructType, TypeSchema } from '../schema/type-schema.ts';
import { strategicErrors } from './strategic-errors.ts';

/** What strategic merge asks a type about one of its fields (apimachinery's LookupPatchMeta). */
export interface PatchMeta {
  readonly type: TypeSchema;
  readonly strategy: 'merge' | 'replace' | '';
  readonly mergeKey: string;
}

const STRATEGIES = new WeakMap<Field, PatchMeta>();

export function lookupField(type: TypeSchema, key: string): PatchMeta {
  if (type.type !== 'struct') {
    const kind = type.type === 'list' ? 'slice' : type.type === 'any' ? 'interface' : type.type;
    throw strategicErrors.other(`merging an object in json but data type is not struct, instead is: ${kind}`);
  }
  const field = type.fields.get(key);
  if (field === undefined) {
    throw strategicErrors.other(
      `unable to find api field in struct ${goName(type)} for the json field ${JSON.stringify(key)}`,
    );
  }
  let meta = STRATEGIES.get(field);
  if (meta === undefined) {
    const strategy = field.patchStrategy?.find((name) => name !== 'retainKeys');
    meta = {
      type: field.type,
      strategy: strategy ?? '',
      mergeKey: field.patchMergeKey ?? '',
    };
    STRATEGIES.set(field, meta);
  }
  return meta;
}

/** As `lookupField`, with the type of the list's items. */
export function lookupList(type: TypeSchema, key: string): PatchMeta {
  const meta = lookupField(type, key);
  if (meta.type.type !== 'list') {
    throw strategicErrors.other(`expected slice or array type, but got: ${type.type}`);
  }
  return { ...meta, type: meta.type.items };
}

function goName(type: StructType): string {
  return type.name?.slice(type.name.lastIndexOf('.') + 1) ?? '';
}
