import { Uint } from '../ast.ts';
import type { CelType } from '../types.ts';
import { ArrayList, CelError, type CelValue, type ListValue, spend } from '../values.ts';

/** Arguments have been matched against the overload's types when `run` is called. */
// biome-ignore lint/suspicious/noExplicitAny: each row's arguments are of the types its signature names
export type Run = (...args: any[]) => CelValue;

export interface Overload {
  readonly id: string;
  readonly member: boolean;
  readonly args: readonly CelType[];
  readonly result: CelType;
  readonly run: Run;
}

export const MAX_INT = 2n ** 63n;
export const int = (value: bigint): bigint => {
  if (value >= MAX_INT || value < -MAX_INT) throw new CelError('integer overflow');
  return value;
};
export const uint = (value: bigint): Uint => {
  if (value < 0n || value >= 2n ** 64n) throw new CelError('unsigned integer overflow');
  return new Uint(value);
};
export const nonZero = (value: bigint, what: string): bigint => {
  if (value === 0n) throw new CelError(`${what} by zero`);
  return value;
};
export const items = (list: ListValue): CelValue[] => {
  spend(1 + (list.size >> 2));
  const found: CelValue[] = [];
  for (let i = 0; i < list.size; i++) found.push(list.get(i));
  return found;
};
export const listOfText = (values: readonly string[]): ListValue => new ArrayList(values);
export const num = (value: bigint): number => Number(value);
export type Row = readonly [name: string, id: string, signature: string, run: Run];
export const COMPARABLE = [
  'bool',
  'int',
  'uint',
  'double',
  'string',
  'bytes',
  'timestamp',
  'duration',
] as const;
