/**
 * The error text that Go's encoding/json gives when `text` is not a JSON object, or undefined when it is one.
 * Only the texts that users meet are alike; the rest says where the text stops being JSON.
 */
export function goJsonObjectError(text: string): string | undefined {
  if (text.trim() === '') return 'unexpected end of JSON input';
  try {
    const value: unknown = JSON.parse(text);
    if (value === null || (typeof value === 'object' && !Array.isArray(value))) return undefined;
    const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
    return `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`;
  } catch (thrown) {
    return syntaxError(text, thrown instanceof Error ? thrown.message : '');
  }
}

function syntaxError(text: string, message: string): string {
  if (/Unexpected end|Unterminated/.test(message)) return 'unexpected end of JSON input';
  const start = text.trimStart();
  const first = start[0] ?? '';
  if (!/[{["\-0-9tfn]/.test(first)) return `invalid character ${quote(first)} looking for beginning of value`;
  const position = /at position (\d+)/.exec(message)?.[1];
  const at = position === undefined ? first : (text[Number(position)] ?? first);
  const context = /property name/.test(message)
    ? 'looking for beginning of object key string'
    : /after JSON/.test(message)
      ? 'after top-level value'
      : 'looking for beginning of value';
  return `invalid character ${quote(at)} ${context}`;
}

function quote(character: string): string {
  return character === "'" ? `'\\''` : `'${JSON.stringify(character).slice(1, -1)}'`;
}
