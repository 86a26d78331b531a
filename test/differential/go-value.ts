/**
 * Values in Go's syntax (`%#v`), which messages of 1.20 show: `core.Taint{Key:"a"}`, `(*int32)(nil)`. Their place
 * in a message is known exactly, their JSON is not.
 */
const START = /&?(?:\[\]|\*|map\[[\w.]+\])*\b[a-z]\w*\.[A-Z]\w*(?=[{(])|\(\*[\w.]+\)(?=\()/g;

/** Where the values are, as pairs of start and end. */
export function goValues(text: string): (readonly [start: number, end: number])[] {
  const found: (readonly [number, number])[] = [];
  for (const match of text.matchAll(START)) {
    if (match.index < (found.at(-1)?.[1] ?? 0)) continue;
    found.push([match.index, endOfGroup(text, match.index + match[0].length)]);
  }
  return found;
}

/** The end of the JSON value that starts at `start`; `start` itself when none does. */
export function endOfJson(text: string, start: number): number {
  const first = text[start] ?? '';
  if (first === '"') return endOfString(text, start);
  if (first === '{' || first === '[') return endOfGroup(text, start);
  return (
    start + (/^(?:null|true|false|-?\d+(?:\.\d+)?)/.exec(text.slice(start, start + 40))?.[0].length ?? 0)
  );
}

/** The end of the bracketed text at `start`. */
function endOfGroup(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const char = text[at] ?? '';
    if (char === '"') at = endOfString(text, at) - 1;
    else if ('{[('.includes(char)) depth++;
    else if ('}])'.includes(char) && --depth === 0) return at + 1;
  }
  return text.length;
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}
