/** Changes to JSON objects by path. */
import type { Body, Changes } from './step.ts';

/** A copy of `object` with `changes` made. Missing objects on the way are made; list items by index. */
export function changed(object: Body, changes: Changes): Body {
  const copy = structuredClone(object) as Record<string, unknown>;
  for (const [path, value] of Object.entries(changes)) setAt(copy, path, value);
  return copy;
}

function setAt(object: Record<string, unknown>, path: string, value: unknown): void {
  const parts = path.split('/').map((part) => part.replaceAll('~1', '/'));
  const last = parts.pop() ?? '';
  let at = object;
  for (const part of parts) {
    at[part] ??= {};
    at = at[part] as Record<string, unknown>;
  }
  if (value === undefined) delete at[last];
  else at[last] = value;
}
