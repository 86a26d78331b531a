import { tooLong } from '../../meta/field-error.ts';
import { STRING_FORMATS } from '../formats.ts';
import type { JsonSchema } from '../json-schema.ts';
import { compilePattern, type Pattern } from '../patterns.ts';
import type { Check } from './check.ts';

/** `maxLength`, `minLength` and `pattern`, of which the first that fails is told; `undefined`: there are none. */
export function textCheck(schema: JsonSchema): Check<string> | undefined {
  const { maxLength, minLength, pattern } = schema;
  if (maxLength === undefined && minLength === undefined && !pattern) return undefined;
  const compiled = pattern ? compiledPattern(pattern) : undefined;
  return (value, run) => {
    run.spend(value.length >> 5);
    if (maxLength !== undefined && isLonger(value, maxLength)) {
      const name = run.path;
      run.add({
        name,
        message: `${name} in body should be at most ${maxLength} chars long`,
        toError: (field) => tooLong(field, maxLength),
      });
    } else if (minLength !== undefined && !isLonger(value, minLength - 1)) {
      run.wrongValue(value, `should be at least ${minLength} chars long`);
    } else if (typeof compiled === 'string') {
      run.wrongValue(value, `should match '${compiled}'`);
    } else if (compiled) {
      run.spend(compiled.steps(value) / 2);
      if (!compiled.test(value)) run.wrongValue(value, `should match '${pattern}'`);
    }
  };
}

/** Why it cannot be compiled, if so: no text matches such a pattern. */
function compiledPattern(pattern: string): Pattern | string {
  try {
    return compilePattern(pattern);
  } catch (error) {
    return `${pattern}, but pattern is invalid: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Has the text more than `limit` code points? */
function isLonger(text: string, limit: number): boolean {
  if (text.length <= limit) return false;
  if (text.length > 2 * limit + 1) return true;
  let count = 0;
  for (const _ of text) if (++count > limit) return true;
  return false;
}

/** `format` of a text; one that is not known is that of every text. */
export function formatCheck(format: string): Check<string> {
  const isOfFormat = STRING_FORMATS.get(format.replaceAll('-', ''));
  return (value, run) => {
    if (!isOfFormat) return;
    run.spend(value.length >> 5);
    run.matches++;
    if (!isOfFormat(value)) run.wrongType(format, value);
  };
}
