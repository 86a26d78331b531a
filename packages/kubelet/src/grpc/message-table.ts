/** Of each message, each field: its number and kind. */
export type MessageTable = Readonly<Record<string, Readonly<Record<string, FieldSpec>>>>;

/**
 * Kinds: `string`, `bytes`, `bool`, `int` (any varint), `double`, else the name of a message; `[]` behind it: repeated;
 * `{}`: a map with text keys.
 */
export type FieldSpec = readonly [number: number, kind: string];

/** A message as an object; absent fields have their zero value (proto3). */
export type Message = Record<string, unknown>;

export type FieldShape = 'one' | 'list' | 'map';

export interface FieldPlan {
  readonly name: string;
  readonly number: number;
  readonly shape: FieldShape;
  /** Without the suffix. */
  readonly kind: string;
}

/** A message's fields in both orders of look-up; made once a message. */
export interface MessagePlan {
  readonly byName: ReadonlyMap<string, FieldPlan>;
  readonly byNumber: ReadonlyMap<number, FieldPlan>;
}

const plans = new WeakMap<MessageTable, Map<string, MessagePlan>>();

/** Throws for a message that the table does not have. */
export function planOf(table: MessageTable, name: string): MessagePlan {
  const known = plans.get(table) ?? new Map<string, MessagePlan>();
  if (known.size === 0) plans.set(table, known);
  const plan = known.get(name) ?? buildPlan(table, name);
  known.set(name, plan);
  return plan;
}

function buildPlan(table: MessageTable, name: string): MessagePlan {
  const fields = table[name];
  if (!fields) throw new Error(`no message ${name}`);
  const list = Object.entries(fields).map(([field, [number, kind]]): FieldPlan => {
    const shape = kind.endsWith('[]') ? 'list' : kind.endsWith('{}') ? 'map' : 'one';
    return { name: field, number, shape, kind: shape === 'one' ? kind : kind.slice(0, -2) };
  });
  return {
    byName: new Map(list.map((field) => [field.name, field])),
    byNumber: new Map(list.map((field) => [field.number, field])),
  };
}
