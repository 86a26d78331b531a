/** Field selectors: `status.phase!=Running,metadata.name=a` (apimachinery pkg/fields). */
export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** A compiled field selector; requirements in upstream's order (sorted by their text). */
export class FieldMatcher {
  readonly requirements: readonly FieldRequirement[];

  constructor(requirements: readonly FieldRequirement[]) {
    this.requirements = requirements;
  }

  get empty(): boolean {
    return this.requirements.length === 0;
  }

  /** `get` answers the value of a field, '' when the object has none. */
  matches(get: (field: string) => string): boolean {
    return this.requirements.every(
      ({ field, operator, value }) => (get(field) === value) === (operator === '='),
    );
  }

  /** The value that a field must have, if the selector demands one: a lookup instead of a scan. */
  exact(field: string): string | undefined {
    return this.requirements.find((r) => r.field === field && r.operator === '=')?.value;
  }

  toString(): string {
    return this.requirements.map((r) => `${r.field}${r.operator}${escapeFieldValue(r.value)}`).join(',');
  }
}

export function escapeFieldValue(value: string): string {
  return value.replace(/[\\,=]/g, '\\$&');
}

function unescapeValue(text: string): string {
  let value = '';
  let escaped = false;
  for (const character of text) {
    if (escaped) {
      if (!'\\,='.includes(character)) {
        throw new Error(`invalid field selector: invalid escape sequence: \\${character}`);
      }
      value += character;
      escaped = false;
    } else if (character === '\\') {
      escaped = true;
    } else if (character === ',' || character === '=') {
      // upstream prints the rune's number
      throw new Error(`invalid field selector: unescaped character in value: ${character.codePointAt(0)}`);
    } else {
      value += character;
    }
  }
  if (escaped) throw new Error('invalid field selector: invalid escape sequence: \\');
  return value;
}

function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === ',') {
      terms.push(text.slice(start, i));
      start = i + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

const OPERATOR = /!=|==|=/;

/** Throws an Error with upstream's text. The field names are not checked here: kinds differ in what they offer. */
export function parseFieldSelector(text: string): FieldMatcher {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text).sort()) {
    if (term === '') continue;
    const match = OPERATOR.exec(term);
    if (match === null) throw new Error(`invalid selector: '${text}'; can't understand '${term}'`);
    requirements.push({
      field: term.slice(0, match.index),
      operator: match[0] === '!=' ? '!=' : '=',
      value: unescapeValue(term.slice(match.index + match[0].length)),
    });
  }
  return new FieldMatcher(requirements);
}
