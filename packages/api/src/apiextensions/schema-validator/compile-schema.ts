import { isObject } from '@sampan/base';
import { supportedFormat } from '../formats.ts';
import type { JsonSchema } from '../json-schema.ts';
import { alternativesCheck } from './alternatives-check.ts';
import type { Check, DeepCheck } from './check.ts';
import { enumCheck } from './enum-check.ts';
import { listCheck } from './list-check.ts';
import { numberCheck } from './number-check.ts';
import { objectCheck } from './object-check.ts';
import { formatCheck, textCheck } from './text-check.ts';
import { typeCheck } from './type-check.ts';

/**
 * A schema as one check, whose parts run in upstream's order. Of null only the type and `enum` are checked.
 * Source: kube-openapi pkg/validation/validate/schema.go.
 */
export function compileSchema(schema: JsonSchema): DeepCheck {
  const types = typesOf(schema);
  const type = types.length === 1 ? (types[0] ?? '') : '';
  const format = schema.format ? supportedFormat(type, schema.format) : '';
  const checkType = typeCheck(types, format, schema.nullable === true);
  const checkAlternatives = alternativesCheck(schema, lazily);
  const checkScalar = scalarCheck(schema, type, format);
  const checkList = listCheck(schema, lazily);
  const checkEnum = schema.enum && schema.enum.length > 0 ? enumCheck(schema.enum) : undefined;
  const checkObject = objectCheck(schema, lazily);
  const isTyped = types.length > 0 || format !== '';
  return (value, run, old) => {
    run.spend(1);
    if (value === null || value === undefined) {
      checkType(null, run);
      checkEnum?.(null, run);
      return;
    }
    if (isTyped) {
      checkType(value, run);
      run.matches++;
    }
    checkAlternatives(value, run, old);
    run.matches += 2; // of the alternatives, and of the schema as a whole
    if (Array.isArray(value)) checkList(value, run, old);
    else checkScalar(value, run);
    run.matches++;
    checkEnum?.(value, run);
    if (isObject(value)) checkObject(value, run, old);
  };
}

/** Compiled when it is first used. */
function lazily(schema: JsonSchema): DeepCheck {
  let check: DeepCheck | undefined;
  return (value, run, old) => {
    check ??= compileSchema(schema);
    check(value, run, old);
  };
}

function typesOf(schema: JsonSchema): readonly string[] {
  if (schema['x-kubernetes-int-or-string']) return ['integer', 'string'];
  return schema.type ? [schema.type] : [];
}

function scalarCheck(schema: JsonSchema, type: string, format: string): Check {
  const checkText = textCheck(schema);
  const checkFormat = format === '' ? undefined : formatCheck(format);
  const checkNumber = numberCheck(schema, type, format);
  return (value, run) => {
    if (typeof value === 'string') {
      checkText?.(value, run);
      checkFormat?.(value, run);
    } else if (typeof value === 'number' || typeof value === 'bigint') {
      checkNumber?.(value, run);
    }
  };
}
