/**
 * The compact table: types by name, each field one line `NAME TYPE [FLAGS]`.
 *
 * TYPE: `string bool int32 int64 float64 bytes time microtime duration quantity intstr raw json fields`, a name
 * of the table, `*T` a Go pointer, `[]T` a list, `{K}T` a map, `(A|B)` either.
 * FLAGS: `pb=NUMBER,WIRE` protobuf (a dotted number leads through embedded structs), `omit` the zero value is
 * not written, `req` required by OpenAPI, `patch=` and `key=` strategic merge, `list=` and `keys=` and `map=`
 * list and map types, `struct=` granularity of the struct in this field, `default=JSON` (last, may hold spaces).
 */
import { join } from 'node:path';
import { type GoField, type GoPackage, type GoType, readGoPackage } from './go-types.ts';
import { NOT_ON_THE_WIRE, PACKAGES, SPECIAL_TYPES } from './packages.ts';

export interface Table {
  /** Fields of structs. */
  readonly structs: Record<string, string[]>;
  /** Structs that server-side apply owns as a whole. */
  readonly atomic: string[];
  /** Named types that are not structs: what they stand for. */
  readonly names: Record<string, string>;
  /** The values of named string types. */
  readonly enums: Record<string, string[]>;
}

const BASIC: Readonly<Record<string, string>> = {
  string: 'string',
  bool: 'bool',
  int: 'int64',
  int32: 'int32',
  int64: 'int64',
  uint32: 'int64',
  float64: 'float64',
  '[]byte': 'bytes',
  'interface{}': 'json',
  any: 'json',
};

const STRUCT_LIKE: ReadonlySet<string> = new Set([
  'time',
  'microtime',
  'duration',
  'quantity',
  'intstr',
  'raw',
]);

/** Structs are values in Go: `omitempty` does not drop them. */
function isStructLike(expression: string, table: Table): boolean {
  return STRUCT_LIKE.has(expression) || expression in table.structs;
}

export class TableBuilder {
  readonly table: Table = { structs: {}, atomic: [], names: {}, enums: {} };
  #packages = new Map<string, { short: string; go: GoPackage }>();

  constructor(source: string) {
    for (const { short, path } of PACKAGES) {
      this.#packages.set(path, { short, go: readGoPackage(join(source, path)) });
    }
    this.table.names['types.UID'] = 'string';
    this.table.names['types.NodeName'] = 'string';
  }

  build(): Table {
    for (const [path, { short, go }] of this.#packages) this.#declare(path, short, go);
    for (const [path, { short, go }] of this.#packages) this.#define(path, short, go);
    return this.table;
  }

  #served(path: string, short: string, type: GoType): boolean {
    if (`${path}.${type.name}` in SPECIAL_TYPES || NOT_ON_THE_WIRE.test(`${short}.${type.name}`))
      return false;
    if (!type.fields) return false;
    return type.fields.length === 0 || type.fields.some((field) => field.tags.has('json'));
  }

  #declare(path: string, short: string, go: GoPackage): void {
    for (const type of go.types.values()) {
      if (this.#served(path, short, type)) this.table.structs[`${short}.${type.name}`] = [];
    }
  }

  #define(path: string, short: string, go: GoPackage): void {
    for (const type of go.types.values()) {
      const name = `${short}.${type.name}`;
      if (this.#served(path, short, type)) {
        this.table.structs[name] = this.#fieldsOf(path, type).map((field) => this.#render(path, type, field));
        if (type.markers.get('structType')?.includes('atomic')) this.table.atomic.push(name);
      }
    }
  }

  /** The table's expression of a Go type as written in a file of the package `path`. */
  #expression(path: string, goType: string): string {
    const basic = BASIC[goType];
    if (basic) return basic;
    if (goType.startsWith('*')) return `*${this.#expression(path, goType.slice(1))}`;
    if (goType.startsWith('[]')) return `[]${this.#expression(path, goType.slice(2))}`;
    const map = /^map\[([\w.]+)\](.*)$/.exec(goType);
    if (map?.[1] && map[2]) {
      const key = this.#expression(path, map[1]);
      return `{${key === 'string' ? '' : key}}${this.#expression(path, map[2])}`;
    }
    return this.#named(path, goType);
  }

  #named(path: string, goType: string): string {
    const [owner, name] = this.#locate(path, goType);
    const special = SPECIAL_TYPES[`${owner}.${name}`];
    if (special) return special;
    const found = this.#packages.get(owner);
    const type = found?.go.types.get(name);
    if (!found || !type) throw new Error(`${path}: unknown type ${goType}`);
    const full = `${found.short}.${name}`;
    if (type.fields) return full;
    this.table.names[full] ??= this.#expression(owner, type.underlying ?? '');
    this.#enum(full, found.go, type);
    return full;
  }

  #enum(full: string, go: GoPackage, type: GoType): void {
    if (!type.markers.has('enum')) return;
    const values = [...go.constants.values()].filter((c) => c.type === type.name).map((c) => c.value);
    this.table.enums[full] = [...new Set(values)].sort();
  }

  #locate(path: string, goType: string): [string, string] {
    const dot = goType.indexOf('.');
    if (dot < 0) return [path, goType];
    const imported = this.#packages.get(path)?.go.imports.get(goType.slice(0, dot));
    if (!imported) throw new Error(`${path}: unknown import of ${goType}`);
    return [imported, goType.slice(dot + 1)];
  }

  /** The fields of a struct with those of its embedded structs, which carry the package they were found in. */
  #fieldsOf(path: string, type: GoType): LocatedField[] {
    return (type.fields ?? []).flatMap((field): LocatedField[] => {
      const json = field.tags.get('json');
      const number = protobufNumber(field);
      if (json === undefined || json === '-') return [];
      if (!json.startsWith(',inline') && json !== '') return [{ path, field, through: '' }];
      const [owner, name] = this.#locate(path, field.goType.replace(/^\*/, ''));
      const embedded = this.#packages.get(owner)?.go.types.get(name);
      if (!embedded) throw new Error(`${path}: unknown embedded type ${field.goType}`);
      return this.#fieldsOf(owner, embedded).map((inner) => ({
        ...inner,
        through: number === '' ? inner.through : `${number}.${inner.through}`,
        withoutProtobuf: number === '',
      }));
    });
  }

  #render(owner: string, type: GoType, located: LocatedField): string {
    const { field, path } = located;
    const [name = '', ...options] = (field.tags.get('json') ?? '').split(',');
    const expression = this.#expression(path, field.goType);
    const parts = [name, expression];
    const protobuf = field.tags.get('protobuf');
    if (protobuf && !located.withoutProtobuf) {
      parts.push(`pb=${located.through}${protobufNumber(field)},${protobuf.split(',')[0]}`);
    }
    const omitEmpty = options.includes('omitempty') && !isStructLike(expression, this.table);
    if (omitEmpty || options.includes('omitzero')) parts.push('omit');
    if (isRequired(field, options)) parts.push('req');
    parts.push(...mergeFlags(field));
    const standard = field.markers.get('default')?.[0];
    if (standard !== undefined) parts.push(`default=${this.#default(path, standard)}`);
    if (name === '') throw new Error(`${owner}: field without a name in ${type.name}`);
    return parts.join(' ');
  }

  #default(path: string, text: string): string {
    const reference = /^ref\((\w+)\)$/.exec(text)?.[1];
    if (!reference) return JSON.stringify(JSON.parse(text));
    const constant = this.#packages.get(path)?.go.constants.get(reference);
    if (!constant) throw new Error(`${path}: unknown constant ${reference}`);
    return JSON.stringify(constant.value);
  }
}

interface LocatedField {
  readonly path: string;
  readonly field: GoField;
  readonly through: string;
  readonly withoutProtobuf?: boolean;
}

function protobufNumber(field: GoField): string {
  return (field.tags.get('protobuf') ?? '').split(',')[1] ?? '';
}

/** kube-openapi's isOptional: the markers decide, else `omitempty`. */
function isRequired(field: GoField, options: readonly string[]): boolean {
  if (field.markers.has('required')) return true;
  if (field.markers.has('optional')) return false;
  return !options.includes('omitempty');
}

function mergeFlags(field: GoField): string[] {
  const flags: string[] = [];
  const first = (name: string): string | undefined => field.markers.get(name)?.[0];
  const strategy = field.tags.get('patchStrategy') ?? first('patchStrategy');
  const key = field.tags.get('patchMergeKey') ?? first('patchMergeKey');
  if (strategy) flags.push(`patch=${strategy}`);
  if (key) flags.push(`key=${key}`);
  if (first('listType')) flags.push(`list=${first('listType')}`);
  const keys = field.markers.get('listMapKey');
  if (keys) flags.push(`keys=${keys.join(',')}`);
  if (first('mapType')) flags.push(`map=${first('mapType')}`);
  if (first('structType')) flags.push(`struct=${first('structType')}`);
  return flags;
}
