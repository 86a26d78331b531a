/**
 * The generated table of upstream's Go types and its notation; `tools/schema/table.ts` writes it and says
 * what the notation means.
 */
import generated from '../generated/schema-table.json' with { type: 'json' };

interface Table {
  readonly structs: Readonly<Record<string, readonly string[]>>;
  readonly atomic: readonly string[];
  readonly names: Readonly<Record<string, string>>;
  readonly enums: Readonly<Record<string, readonly string[]>>;
}

export const table: Table = generated;

export const atomicStructs: ReadonlySet<string> = new Set(table.atomic);

/** `core.v1.Pod` to `io.k8s.api.core.v1.Pod`, upstream's OpenAPI model name. */
export function modelName(short: string): string {
  if (short.startsWith('meta.')) return `io.k8s.apimachinery.pkg.apis.${short}`;
  if (short.startsWith('apiextensions.')) return `io.k8s.apiextensions-apiserver.pkg.apis.${short}`;
  if (short.startsWith('apiregistration.')) return `io.k8s.kube-aggregator.pkg.apis.${short}`;
  return `io.k8s.api.${short}`;
}

/** The inverse of `modelName`. */
export function shortName(model: string): string {
  return model.split('.').slice(-3).join('.');
}

/** One field as the table writes it. */
export interface TableField {
  readonly name: string;
  readonly type: string;
  readonly flags: ReadonlyMap<string, string>;
}

const parsed = new Map<string, readonly TableField[]>();

/** The fields of a struct of the table, in Go's order; undefined for an unknown struct. */
export function tableFields(short: string): readonly TableField[] | undefined {
  const known = parsed.get(short);
  if (known) return known;
  if (!Object.hasOwn(table.structs, short)) return undefined;
  const fields = table.structs[short]?.map(parseField);
  if (fields) parsed.set(short, fields);
  return fields;
}

function parseField(line: string): TableField {
  const standard = line.indexOf(' default=');
  const head = standard < 0 ? line : line.slice(0, standard);
  const [name = '', type = '', ...words] = head.split(' ');
  const flags = new Map(words.map((word): [string, string] => splitFlag(word)));
  if (standard >= 0) flags.set('default', line.slice(standard + ' default='.length));
  return { name, type, flags };
}

function splitFlag(word: string): [string, string] {
  const equals = word.indexOf('=');
  return equals < 0 ? [word, ''] : [word.slice(0, equals), word.slice(equals + 1)];
}
