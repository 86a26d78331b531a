import { fieldErrorMessage, invalid } from '../meta/field-error.ts';
import {
  EVERYTHING,
  LabelMatcher,
  newRequirement,
  type Requirement,
  type SelectorOperator,
} from './label-selector.ts';
import { isQualifiedName } from './label-syntax.ts';

/**
 * The query-string syntax of label selectors: `a=b,c in (d,e),!f,x>3` (apimachinery pkg/labels, "Label
 * selectors" in the Kubernetes docs), with upstream's error texts.
 */
type Token =
  | 'error'
  | 'end'
  | 'identifier'
  | ')'
  | '('
  | ','
  | '!'
  | '=='
  | '='
  | '>'
  | '<'
  | '!='
  | 'in'
  | 'notin';

interface Item {
  readonly token: Token;
  readonly text: string;
}

const LITERALS: ReadonlySet<string> = new Set([')', ',', '!', '==', '=', '>', 'in', '<', '!=', 'notin', '(']);
const SPECIAL = '=!(),><';
const SPACE = ' \t\r\n';
const BINARY_OPERATORS = 'in, notin, =, ==, !=, gt, lt';
const OPERATORS = new Map<Token, SelectorOperator>([
  ['in', 'in'],
  ['notin', 'notin'],
  ['=', '='],
  ['==', '=='],
  ['!=', '!='],
  ['>', 'gt'],
  ['<', 'lt'],
]);

function scan(text: string): Item[] {
  const items: Item[] = [];
  let position = 0;
  for (;;) {
    while (position < text.length && SPACE.includes(text.charAt(position))) position++;
    if (position >= text.length || text[position] === '\0') break;
    const start = position;
    if (SPECIAL.includes(text.charAt(position))) {
      const item = scanSymbol(text, position);
      items.push(item);
      position += item.token === 'error' ? 1 : item.text.length;
    } else {
      while (
        position < text.length &&
        !SPECIAL.includes(text.charAt(position)) &&
        !SPACE.includes(text.charAt(position))
      ) {
        position++;
      }
      const word = text.slice(start, position);
      items.push({ token: LITERALS.has(word) ? (word as Token) : 'identifier', text: word });
    }
  }
  items.push({ token: 'end', text: '' });
  return items;
}

/** The longest operator that starts here: `==` before `=`, `!=` before `!`. */
function scanSymbol(text: string, position: number): Item {
  const two = text.slice(position, position + 2);
  if (LITERALS.has(two)) return { token: two as Token, text: two };
  const one = text.charAt(position);
  return { token: one as Token, text: one };
}

class Parser {
  readonly #items: Item[];
  #position = 0;

  constructor(text: string) {
    this.#items = scan(text);
  }

  /** `in` and `notin` are plain words wherever a key or value stands. */
  #peek(): Item {
    const item = this.#items[this.#position] ?? { token: 'end', text: '' };
    return item.token === 'in' || item.token === 'notin' ? { token: 'identifier', text: item.text } : item;
  }

  #next(): Item {
    const item = this.#peek();
    this.#position++;
    return item;
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = [];
    for (;;) {
      const { token, text } = this.#peek();
      if (token === 'end') return requirements;
      if (token !== 'identifier' && token !== '!') {
        throw new Error(`found '${text}', expected: !, identifier, or 'end of string'`);
      }
      try {
        requirements.push(this.#requirement());
      } catch (error) {
        throw new Error(`unable to parse requirement: ${(error as Error).message}`);
      }
      const after = this.#next();
      if (after.token === 'end') return requirements;
      if (after.token !== ',') throw new Error(`found '${after.text}', expected: ',' or 'end of string'`);
      const following = this.#peek();
      if (following.token !== 'identifier' && following.token !== '!') {
        throw new Error(`found '${following.text}', expected: identifier after ','`);
      }
    }
  }

  #requirement(): Requirement {
    let item = this.#next();
    const absent = item.token === '!';
    if (absent) item = this.#next();
    if (item.token !== 'identifier') throw new Error(`found '${item.text}', expected: identifier`);
    const key = item.text;
    const messages = isQualifiedName(key);
    if (messages.length > 0) throw new Error(fieldErrorMessage(invalid('<nil>', key, messages.join('; '))));
    const following = this.#peek().token;
    if (absent) return newRequirement(key, '!', []);
    if (following === 'end' || following === ',') return newRequirement(key, 'exists', []);
    const operator = this.#operator();
    const values = operator === 'in' || operator === 'notin' ? this.#values() : this.#exactValue();
    return newRequirement(key, operator, [...new Set(values)].sort());
  }

  #operator(): SelectorOperator {
    const item = this.#items[this.#position++] ?? { token: 'end', text: '' };
    const operator = OPERATORS.get(item.token);
    if (operator === undefined) throw new Error(`found '${item.text}', expected: ${BINARY_OPERATORS}`);
    return operator;
  }

  #exactValue(): string[] {
    const { token } = this.#peek();
    if (token === 'end' || token === ',') return [''];
    const item = this.#next();
    if (item.token !== 'identifier') throw new Error(`found '${item.text}', expected: identifier`);
    return [item.text];
  }

  #values(): string[] {
    const open = this.#next();
    if (open.token !== '(') throw new Error(`found '${open.text}' expected: '('`);
    const first = this.#peek();
    if (first.token === ')') {
      this.#next();
      return [''];
    }
    if (first.token !== 'identifier' && first.token !== ',') {
      throw new Error(`found '${first.text}', expected: ',', ')' or identifier`);
    }
    const values = this.#identifiers();
    if (this.#next().token !== ')') throw new Error(`found '${first.text}', expected: ')'`);
    return values;
  }

  #identifiers(): string[] {
    const values: string[] = [];
    for (;;) {
      const item = this.#next();
      if (item.token === 'identifier') {
        values.push(item.text);
        const following = this.#peek();
        if (following.token === ')') return values;
        if (following.token !== ',') throw new Error(`found '${following.text}', expected: ',' or ')'`);
      } else if (item.token === ',') {
        if (values.length === 0) values.push('');
        const following = this.#peek().token;
        if (following === ')' || following === ',') values.push('');
        if (following === ')') return values;
      } else {
        throw new Error(`found '${item.text}', expected: ',', or identifier`);
      }
    }
  }
}

/** Parses a query-string label selector. Throws an Error with upstream's text; the empty text matches everything. */
export function parseLabelSelector(text: string): LabelMatcher {
  if (text === '') return EVERYTHING;
  return new LabelMatcher(new Parser(text).parse());
}
