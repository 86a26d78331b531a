import { goJson } from '../../meta/go-quote.ts';
import { semanticEqual } from '../../validation/immutable.ts';

/** No value is shown longer than this: an error is not a copy of the object. */
const MAX_SHOWN = 1024;

/**
 * The changed fields in the manner of go-cmp's Diff: `-` old, `+` new, named as Go's fields. Upstream's text also
 * shows nested structs and counts what is equal; it is for people and says itself that it is not stable.
 */
export function specDiff(type: string, old: object, changed: object): string {
  const before = old as Readonly<Record<string, unknown>>;
  const after = changed as Readonly<Record<string, unknown>>;
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const lines: string[] = [`  ${type}{`];
  let same = 0;
  for (const name of names) {
    if (semanticEqual(before[name], after[name])) {
      same++;
      continue;
    }
    const goName = name.charAt(0).toUpperCase() + name.slice(1);
    lines.push(`- \t${goName}: ${show(before[name])},`, `+ \t${goName}: ${show(after[name])},`);
  }
  if (same > 0) lines.push(`  \t... // ${same} identical fields`);
  return `${lines.join('\n')}\n  }\n`;
}

function show(value: unknown): string {
  if (value === undefined) return 'nil';
  const text = goJson(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}
