import { tooMany } from '../../meta/field-error.ts';
import { itemsSchema, type JsonSchema } from '../json-schema.ts';
import { type Compile, checkPart, type DeepCheck } from './check.ts';

/** `items`, `minItems` and `maxItems`. */
export function listCheck(schema: JsonSchema, compile: Compile): DeepCheck<readonly unknown[]> {
  const items = itemsSchema(schema);
  const item = items && compile(items);
  const { minItems, maxItems } = schema;
  return (value, run, old) => {
    if (item) for (let i = 0; i < value.length; i++) checkPart(item, value[i], run, `[${i}]`, old?.index(i));
    if (minItems !== undefined && value.length < minItems) {
      run.wrongValue(value.length, `should have at least ${minItems} items`);
    }
    if (maxItems !== undefined && value.length > maxItems) {
      const name = run.path;
      const message = `${name} in body should have at most ${maxItems} items`;
      run.add({ name, message, toError: (field) => tooMany(field, value.length, maxItems) });
    }
    run.matches++;
  };
}
