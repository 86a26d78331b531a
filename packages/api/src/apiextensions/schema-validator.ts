import { deepEqual, isObject } from '@sampan/base';
import {
  type FieldError,
  invalid,
  notSupported,
  OMIT_VALUE,
  required,
  tooLong,
  tooMany,
  typeInvalid,
} from '../meta/field-error.ts';
import { canonical, goFloat } from './canonical.ts';
import type { Correlated } from './correlate.ts';
import { childField, NO_PATH } from './field-path.ts';
import { STRING_FORMATS, supportedFormat } from './formats.ts';
import { additionalSchema, itemsSchema, type JsonSchema } from './json-schema.ts';
import { compilePattern, type Pattern } from './patterns.ts';

type Failure = (path: string) => FieldError;
interface Found {
  /** Name in the message and, after the prefix, in the field. */
  readonly name: string;
  readonly message: string;
  readonly toError: Failure;
}

/** Steps of one validation: a schema of many alternatives on a large object must not stall the server. */
const MAX_STEPS = 10_000_000;

class TooComplex extends Error {}

class Meter {
  #steps = 0;
  spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > MAX_STEPS) throw new TooComplex();
  }
}

/** One walk over a value: what was found, and how many checks ran (upstream picks the best failure of anyOf by it). */
class Run {
  readonly found: Found[] = [];
  readonly segments: string[];
  readonly meter: Meter;
  matches = 0;

  constructor(segments: string[], meter: Meter) {
    this.segments = segments;
    this.meter = meter;
  }
  /** A run of its own at the same place, for a schema whose errors may be dropped. */
  branch(): Run {
    return new Run(this.segments, this.meter);
  }
  get path(): string {
    return this.segments.join('');
  }
  add(found: Found): void {
    if (this.found.length >= MAX_ERRORS || this.found.some((other) => other.message === found.message))
      return;
    this.found.push(found);
  }
  merge(other: Run): void {
    this.matches += other.matches;
    for (const found of other.found) this.add(found);
  }
}

/** More errors than this are not reported: deduplication compares each with all. */
const MAX_ERRORS = 500;

/**
 * Validates values by an OpenAPI v3 schema, with the checks, order and texts of kube-openapi's
 * pkg/validation/validate. Compiled once per schema; patterns match in linear time.
 */
export class SchemaValidator {
  readonly #root: Node;

  constructor(schema: JsonSchema) {
    this.#root = compileNode(schema);
  }

  /** Errors of the value; `prefix` is put before the fields (`status` for the status subresource). */
  validate(value: unknown, prefix = ''): FieldError[] {
    return this.#run(value, prefix, undefined);
  }

  /** As validate, but unchanged parts may stay invalid (KEP-4008, ratcheting). */
  validateUpdate(value: unknown, correlated: Correlated | undefined, prefix = ''): FieldError[] {
    return this.#run(value, prefix, correlated);
  }

  #run(value: unknown, prefix: string, correlated: Correlated | undefined): FieldError[] {
    const run = new Run([], new Meter());
    try {
      this.#root.validate(value, run, correlated);
    } catch (error) {
      if (!(error instanceof TooComplex)) throw error;
      const text = `validation by the schema takes more than ${MAX_STEPS} steps; make the object or the schema smaller`;
      return [invalid(prefix || NO_PATH, OMIT_VALUE, text)];
    }
    if (run.found.length === 0 || correlated?.equal) return [];
    return run.found.map(({ name, toError }) => {
      const rest = name.startsWith('.') ? name.slice(1) : name;
      return toError(rest === '' ? prefix || NO_PATH : childField(prefix, rest));
    });
  }
}

interface Node {
  validate(value: unknown, run: Run, old: Correlated | undefined): void;
}

/** Compiled when first used: most of a large schema never is, for a default or a small object. */
class LazyNode implements Node {
  readonly #schema: JsonSchema;
  #node: Node | undefined;

  constructor(schema: JsonSchema) {
    this.#schema = schema;
  }
  validate(value: unknown, run: Run, old: Correlated | undefined): void {
    this.#node ??= compileNode(this.#schema);
    this.#node.validate(value, run, old);
  }
}

const lazyNode = (schema: JsonSchema): Node => new LazyNode(schema);

type Check = (value: unknown, run: Run, old: Correlated | undefined) => void;

/** JSON type and, for numbers, the format that upstream infers from the Go type. */
function typeOf(value: unknown): [type: string, format: string] {
  if (typeof value === 'string') return ['string', ''];
  if (typeof value === 'boolean') return ['boolean', ''];
  if (typeof value === 'number' || typeof value === 'bigint')
    return isInt(value) ? ['integer', 'int64'] : ['number', 'double'];
  return Array.isArray(value) ? ['array', ''] : ['object', ''];
}

/** Integers of 64 bits; those that a number would round are bigints. */
type Numeric = number | bigint;

const isInt = (value: Numeric): boolean =>
  typeof value === 'bigint' || (Number.isInteger(value) && Math.abs(value) < 2 ** 63);

function compileNode(schema: JsonSchema): Node {
  const types = schema['x-kubernetes-int-or-string']
    ? ['integer', 'string']
    : schema.type
      ? [schema.type]
      : [];
  const format = schema.format
    ? supportedFormat(types.length === 1 ? (types[0] ?? '') : '', schema.format)
    : '';
  const checkType = typeCheck(types, format, schema.nullable === true);
  const junctors = junctorCheck(schema);
  const string = stringCheck(schema);
  const formatOf = format === '' ? undefined : formatCheck(format);
  const number = numberCheck(schema, types.length === 1 ? (types[0] ?? '') : '', format);
  const list = listCheck(schema);
  const enumOf = schema.enum && schema.enum.length > 0 ? enumCheck(schema.enum) : undefined;
  const object = objectCheck(schema);
  const typed = types.length > 0 || format !== '';
  return {
    validate(value, run, old) {
      run.meter.spend(1);
      if (value === null || value === undefined) {
        checkType(null, run);
        enumOf?.(null, run);
        return;
      }
      if (typed) {
        checkType(value, run);
        run.matches++;
      }
      junctors(value, run, old);
      run.matches += 2; // the junctors' own count and the final one
      if (typeof value === 'string') {
        string?.(value, run);
        formatOf?.(value, run);
      } else if (typeof value === 'number' || typeof value === 'bigint') {
        number?.(value, run);
      } else if (Array.isArray(value)) {
        list(value, run, old);
      }
      run.matches++;
      enumOf?.(value, run);
      if (isObject(value)) object(value, run, old);
    },
  };
}

function typeFailure(run: Run, expected: string, actual: string): void {
  const name = run.path;
  const message = `${name} in body must be of type ${expected}: ${JSON.stringify(actual)}`;
  run.add({ name, message, toError: (field) => typeInvalid(field, actual, message) });
}

function typeCheck(
  types: readonly string[],
  format: string,
  nullable: boolean,
): (value: unknown, run: Run) => void {
  const expected = types.join(',');
  const numeric = types.includes('number') || types.includes('integer');
  return (value, run) => {
    if (value === null) {
      if (types.length > 0 && !nullable) typeFailure(run, expected, 'null');
      else run.matches++;
      return;
    }
    const [actual, actualFormat] = typeOf(value);
    const textual = actual === 'string' || actual === 'array';
    const fits = types.includes(actual) || (actual === 'integer' && types.includes('number'));
    if (!textual && format !== '' && !fits && actualFormat !== format) {
      typeFailure(run, format, actualFormat);
    } else if ((!numeric && format !== '' && textual) || fits) {
      run.matches++;
    } else {
      typeFailure(run, expected, actual);
    }
  };
}

function general(run: Run, value: unknown, text: string): void {
  const name = run.path;
  const message = `${name} in body ${text}`;
  run.add({ name, message, toError: (field) => invalid(field, canonical(value), message) });
}

function composite(run: Run, message: string): void {
  run.add({ name: '', message, toError: () => invalid(NO_PATH, '', message) });
}

function stringCheck(schema: JsonSchema): ((value: string, run: Run) => void) | undefined {
  const { maxLength, minLength, pattern } = schema;
  if (maxLength === undefined && minLength === undefined && !pattern) return undefined;
  let compiled: Pattern | undefined;
  let problem = '';
  if (pattern) {
    try {
      compiled = compilePattern(pattern);
    } catch (error) {
      problem = `${pattern}, but pattern is invalid: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return (value, run) => {
    run.meter.spend(value.length >> 5);
    if (maxLength !== undefined && longer(value, maxLength)) {
      const name = run.path;
      run.add({
        name,
        message: `${name} in body should be at most ${maxLength} chars long`,
        toError: (field) => tooLong(field, maxLength),
      });
    } else if (minLength !== undefined && !longer(value, minLength - 1)) {
      general(run, value, `should be at least ${minLength} chars long`);
    } else if (problem !== '') {
      general(run, value, `should match '${problem}'`);
    } else if (compiled) {
      run.meter.spend(compiled.steps(value) / 2);
      if (!compiled.test(value)) general(run, value, `should match '${pattern}'`);
    }
  };
}

/** Has the text more than `limit` code points? */
function longer(text: string, limit: number): boolean {
  if (text.length <= limit) return false;
  if (text.length > 2 * limit + 1) return true;
  let count = 0;
  for (const _ of text) if (++count > limit) return true;
  return false;
}

function formatCheck(format: string): (value: string, run: Run) => void {
  const check = STRING_FORMATS.get(format.replaceAll('-', ''));
  return (value, run) => {
    if (!check) return;
    run.meter.spend(value.length >> 5);
    run.matches++;
    if (!check(value)) typeFailure(run, format, value);
  };
}

function enumCheck(values: readonly unknown[]): (value: unknown, run: Run) => void {
  const shown = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(canonical(value))));
  const scalars = new Set(values.filter((value) => typeof value !== 'object'));
  const others = values.filter((value) => typeof value === 'object' && value !== null);
  return (value, run) => {
    if (scalars.has(value) || (typeof value === 'object' && others.some((other) => deepEqual(other, value))))
      return;
    const name = run.path;
    const message = `${name} in body should be one of [${shown.join(' ')}]`;
    run.add({ name, message, toError: (field) => notSupported(field, canonical(value), shown) });
  };
}

function numberCheck(
  schema: JsonSchema,
  type: string,
  format: string,
): ((value: Numeric, run: Run) => void) | undefined {
  const { maximum, minimum, multipleOf } = schema;
  const ranged = type === 'integer' || format === 'float';
  if (maximum === undefined && minimum === undefined && multipleOf === undefined && !ranged) return undefined;
  const typeName = format === '' ? `${type} (default format)` : `${type} with format ${format}`;
  const outOfRange = (value: Numeric): boolean => {
    if (type === 'integer') {
      return format === 'int32'
        ? !Number.isInteger(value) || value < -(2 ** 31) || value >= 2 ** 31
        : !isInt(value);
    }
    return format === 'float' && Math.abs(Number(value)) > 3.4028235677973366e38;
  };
  const range = (run: Run, value: Numeric, what: string): boolean => {
    if (!ranged || !outOfRange(value)) return true;
    composite(run, `${what} value must be of type ${typeName} in ${run.path}`);
    return false;
  };
  return (value, run) => {
    range(run, value, 'Checked');
    if (multipleOf !== undefined) checkMultiple(run, value, multipleOf, range(run, multipleOf, 'MultipleOf'));
    if (minimum !== undefined) {
      const native = range(run, minimum, 'Minimum boundary');
      const bound = native && isInt(value) ? Math.trunc(minimum) : minimum;
      const exclusive = schema.exclusiveMinimum === true;
      if (exclusive ? value <= bound : value < bound) {
        general(run, value, `should be greater than ${exclusive ? '' : 'or equal to '}${goFloat(bound)}`);
      }
    }
    if (maximum !== undefined) {
      const native = range(run, maximum, 'Maximum boundary');
      const bound = native && isInt(value) ? Math.trunc(maximum) : maximum;
      const exclusive = schema.exclusiveMaximum === true;
      if (exclusive ? value >= bound : value > bound) {
        general(run, value, `should be less than ${exclusive ? '' : 'or equal to '}${goFloat(bound)}`);
      }
    }
    run.matches++;
  };
}

function checkMultiple(run: Run, value: Numeric, multipleOf: number, native: boolean): void {
  const integers = native && isInt(value);
  const factor = integers ? Math.trunc(multipleOf) : multipleOf;
  if (factor <= 0) {
    const name = run.path;
    const message = `factor MultipleOf declared for ${name} must be positive: ${goFloat(factor)}`;
    run.add({ name, message, toError: (field) => invalid(field, factor, message) });
    return;
  }
  const whole = integers
    ? BigInt(value) % BigInt(factor) === 0n
    : isJsonInteger(quotientOf(Number(value), factor));
  if (!whole) general(run, value, `should be a multiple of ${goFloat(factor)}`);
}

const quotientOf = (value: number, factor: number): number =>
  factor < 1 ? (1 / factor) * value : value / factor;

/** swag.IsFloat64AJSONInteger: whole up to a relative error of 1e-9. */
function isJsonInteger(value: number): boolean {
  if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) return false;
  const rounded = Math.trunc(value);
  const difference = Math.abs(value - rounded);
  if (value === rounded) return true;
  return (
    difference < 1e-9 * Math.max(1, Math.abs(value)) ||
    Math.abs(value - Math.round(value)) < 1e-9 * Math.max(1, Math.abs(value))
  );
}

/** Runs a child, and forgets its errors when the child is as it was before. */
function validateChild(
  node: Node,
  value: unknown,
  run: Run,
  segment: string,
  old: Correlated | undefined,
): void {
  run.segments.push(segment);
  if (old === undefined) {
    node.validate(value, run, undefined);
  } else {
    const own = run.branch();
    node.validate(value, own, old);
    if (own.found.length > 0 && old.equal) run.matches += own.matches;
    else run.merge(own);
  }
  run.segments.pop();
}

function listCheck(
  schema: JsonSchema,
): (value: readonly unknown[], run: Run, old: Correlated | undefined) => void {
  const itemSchema = itemsSchema(schema);
  const item = itemSchema && lazyNode(itemSchema);
  const { minItems, maxItems } = schema;
  return (value, run, old) => {
    if (item)
      for (let i = 0; i < value.length; i++) validateChild(item, value[i], run, `[${i}]`, old?.index(i));
    if (minItems !== undefined && value.length < minItems) {
      general(run, value.length, `should have at least ${minItems} items`);
    }
    if (maxItems !== undefined && value.length > maxItems) {
      const name = run.path;
      const message = `${name} in body should have at most ${maxItems} items`;
      run.add({ name, message, toError: (field) => tooMany(field, value.length, maxItems) });
    }
    run.matches++;
  };
}

function objectCheck(
  schema: JsonSchema,
): (value: Record<string, unknown>, run: Run, old: Correlated | undefined) => void {
  const properties = new Map(
    Object.entries(schema.properties ?? {}).map(([name, sub]) => [name, lazyNode(sub)]),
  );
  const extraSchema = additionalSchema(schema);
  const extra = extraSchema && lazyNode(extraSchema);
  const closed = schema.additionalProperties === false;
  const { minProperties, maxProperties } = schema;
  const needed = schema.required ?? [];
  return (value, run, old) => {
    const keys = Object.keys(value);
    const prefix = run.segments.length === 0 ? '' : '.';
    if (minProperties !== undefined && keys.length < minProperties) {
      general(run, keys.length, `should have at least ${minProperties} properties`);
    }
    if (maxProperties !== undefined && keys.length > maxProperties) {
      const name = run.path;
      const message = `${name} in body should have at most ${maxProperties} properties`;
      run.add({ name, message, toError: (field) => tooMany(field, keys.length, maxProperties) });
    }
    for (const key of keys) {
      const property = properties.get(key);
      if (property) {
        const correlated =
          prefix === '' && (key === 'kind' || key === 'apiVersion') ? undefined : old?.key(key);
        validateChild(property, value[key], run, prefix + key, correlated);
      } else if (closed) {
        const name = run.path;
        const message = `${name}.${key} in body is a forbidden property`;
        run.add({ name, message, toError: (field) => invalid(field, key, message) });
      } else if (extra) {
        validateChild(extra, value[key], run, `.${key}`, old?.key(key));
      }
    }
    for (const key of needed) {
      if (Object.hasOwn(value, key)) continue;
      const name = `${run.path}.${key}`;
      run.add({ name, message: `${name} in body is required`, toError: (field) => required(field) });
    }
  };
}

function junctorCheck(schema: JsonSchema): Check {
  const anyOf = schema.anyOf?.map(lazyNode) ?? [];
  const oneOf = schema.oneOf?.map(lazyNode) ?? [];
  const allOf = schema.allOf?.map(lazyNode) ?? [];
  const not = schema.not && lazyNode(schema.not);
  const each = (node: Node, value: unknown, run: Run, old: Correlated | undefined): Run => {
    const own = run.branch();
    node.validate(value, own, old);
    return own;
  };
  const quoted = (run: Run): string => JSON.stringify(run.path);
  return (value, run, old) => {
    if (anyOf.length > 0) {
      let best: Run | undefined;
      let success: Run | undefined;
      for (const node of anyOf) {
        const result = each(node, value, run, old);
        if (result.found.length === 0) {
          success = result;
          break;
        }
        if (!best || result.matches > best.matches) best = result;
      }
      if (!success) composite(run, `${quoted(run)} must validate at least one schema (anyOf)`);
      run.merge(success ?? best ?? run.branch());
    }
    if (oneOf.length > 0) {
      let best: Run | undefined;
      let success: Run | undefined;
      let valid = 0;
      for (const node of oneOf) {
        const result = each(node, value, run, old);
        if (result.found.length === 0) {
          valid++;
          success ??= result;
        } else if (valid === 0 && (!best || result.matches > best.matches)) {
          best = result;
        }
      }
      if (valid === 1 && success) {
        run.merge(success);
      } else {
        const more = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`;
        composite(run, `${quoted(run)} must validate one and only one schema (oneOf). ${more}`);
        if (valid === 0 && best) run.merge(best);
      }
    }
    let validated = 0;
    for (const node of allOf) {
      const result = each(node, value, run, old);
      if (result.found.length === 0) validated++;
      run.merge(result);
    }
    if (validated !== allOf.length) {
      composite(
        run,
        `${quoted(run)} must validate all the schemas (allOf)${validated === 0 ? '. None validated' : ''}`,
      );
    }
    if (not && each(not, value, run, old).found.length === 0) {
      composite(run, `${quoted(run)} must not validate the schema (not)`);
    }
  };
}
