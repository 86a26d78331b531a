import { describe, expect, it } from 'vitest';
import type { JsonSchema } from '../json-schema.ts';
import { schemaNode } from '../schema-node.ts';
import { CompileError } from './ast.ts';
import { compileRules } from './compile-rule.ts';
import { declTypeOf } from './decl-type.ts';
import { escapeName, unescapeName } from './escape.ts';
import { fromJson } from './from-json.ts';
import { parse } from './parser.ts';
import { type CelValue, CostLimitError } from './values.ts';

const SCHEMA: JsonSchema = {
  type: 'object',
  properties: {
    n: { type: 'integer' },
    d: { type: 'number' },
    s: { type: 'string' },
    short: { type: 'string', maxLength: 10 },
    l: { type: 'array', items: { type: 'string' } },
    set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
    few: { type: 'array', maxItems: 5, items: { type: 'integer' } },
    m: { type: 'object', additionalProperties: { type: 'integer' } },
    time: { type: 'string', format: 'date-time' },
    'a-b': { type: 'string' },
    namespace: { type: 'string' },
    ios: { 'x-kubernetes-int-or-string': true },
  },
};
const decl = declTypeOf(SCHEMA, false);
const VALUE = {
  n: 3,
  d: 1.5,
  s: 'abc',
  short: 'x',
  l: ['b', 'a'],
  set: ['p', 'q'],
  few: [1, 2, 3],
  m: { k: 1, j: 2 },
  time: '2024-01-01T00:00:00Z',
  'a-b': 'dash',
  namespace: 'ns',
  ios: '5%',
};

function compiled(rule: string) {
  if (!decl) throw new Error('no type');
  const [made] = compileRules([{ rule }], decl);
  if (!made) throw new Error('no rule');
  return made;
}

function run(rule: string, value: unknown = VALUE, old?: unknown): CelValue | string | undefined {
  const made = compiled(rule);
  if (made.error !== undefined) return made.error;
  const node = schemaNode(SCHEMA);
  const oldSelf = old === undefined ? undefined : fromJson(old, node);
  const outcome = made.program?.run({ self: fromJson(value, node), oldSelf }, 1_000_000);
  return outcome?.error ? `error: ${outcome.error.message}` : outcome?.value;
}

describe('rules that hold', () => {
  it.each([
    'self.n + 1 == 4',
    'self.n > 2 && self.d < 2.0',
    'self.n < self.d * 10.0',
    '7 / 2 == 3 && -7 / 2 == -3 && -7 % 3 == -1',
    "self.s.startsWith('a') && self.s.matches('^[a-c]+$')",
    "self.l.exists(x, x == 'a')",
    'self.l.all(x, x.size() == 1)',
    "self.l.exists_one(x, x == 'a')",
    "self.l.map(x, x + '!') == ['b!', 'a!']",
    "self.l.filter(x, x > 'a') == ['b']",
    'self.m.all(k, self.m[k] > 0)',
    "self.m.k == 1 && 'j' in self.m && has(self.m.k) && !has(self.m.z)",
    "self.a__dash__b == 'dash' && self.__namespace__ == 'ns'",
    "self.time > timestamp('2023-12-31T23:59:59Z')",
    "self.time + duration('24h') == timestamp('2024-01-02T00:00:00Z')",
    'self.time.getFullYear() == 2024 && self.time.getDayOfWeek() == 1',
    "type(self.ios) == string && self.ios.matches('^[0-9]+%$')",
    "self.set == ['q', 'p']",
    'self.few.sum() == 6 && self.few.max() == 3 && self.few.isSorted()',
    "quantity('1Gi').isGreaterThan(quantity('1000Mi')) && quantity('1500m').add(quantity('500m')) == quantity('2')",
    "ip('::1').isLoopback() && cidr('10.0.0.0/8').containsIP('10.9.9.9') && !isIP('10.0.0.300') && string(cidr('10.1.2.3/16').masked()) == '10.1.0.0/16'",
    "url('https://example.com:80/p?a=b').getHostname() == 'example.com' && url('https://e.com/x?a=b&a=c').getQuery()['a'] == ['b', 'c']",
    "semver('1.2.3').isLessThan(semver('1.10.0')) && semver('v1.2', true).minor() == 2",
    "sets.contains(['a', 'b'], ['a']) && sets.equivalent([1, 2], [2, 1, 1])",
    "self.?s.orValue('') == 'abc' && self.m[?'z'].orValue(7) == 7",
    'optional.of(1).optMap(x, x + 1).value() == 2',
    '[1, 2, 3].slice(1, 3) == [2, 3] && [3, 1, 2].sort() == [1, 2, 3]',
    "['ab', 'c'].sortBy(x, x.size()) == ['c', 'ab'] && [1, 1, 2].distinct() == [1, 2]",
    "'%s is %d'.format(['n', 3]) == 'n is 3'",
    "sign(quantity('-1')) == -1 && ip('::1') != null",
    "uint('18446744073709551615') > 9223372036854775807u",
    "'%s'.format([[1, 'a', {'b': 2.0, 'c': null}]]).contains('null')",
    "'%s'.format([[1, 'a'].exists(x, [x, 2.0].size() == 2)]) == 'true'",
    "'a,b'.split(',').join('-') == 'a-b'",
    "'hello'.substring(1, 3) == 'el' && 'hello'.indexOf('l') == 2 && 'hello'.lastIndexOf('l') == 3 && ' a '.trim() == 'a'",
    "'😀x'.size() == 2 && '😀x'.charAt(1) == 'x'",
    "'abc 123'.find('[0-9]+') == '123' && 'a1b2'.findAll('[0-9]') == ['1', '2']",
    "!format.dns1123Label().validate('ok').hasValue() && format.dns1123Label().validate('Bad').hasValue()",
    "self.m.all(k, v, v > 0) && self.l.exists(i, v, i == 0 && v == 'b')",
    "{'a': 1}.transformMap(k, v, v + 1) == {'a': 2} && [1, 2].transformList(i, v, v * i) == [0, 2]",
    "b'ab' == bytes('ab') && string(b'ab') == 'ab' && int('12') == 12 && uint(3) == 3u",
    '(1 / 0 == 1) || true',
    'false && (1 / 0 == 1) ? false : true',
    "self.n == 3 ? true : self.s == 'x'",
    'dyn(1) == 1.0 && 1u < 2',
    "string(duration('90m')) == '5400s'",
  ])('%s', (rule) => {
    expect(run(rule)).toBe(true);
  });
});

describe('errors while a rule runs', () => {
  it.each([
    ['1 / (self.n - 3) == 1', 'error: division by zero'],
    ["self.m['z'] == 1", 'error: no such key: z'],
    ['self.few[9] == 1', 'error: index out of bounds: 9'],
    ['9223372036854775807 + self.n > 0', 'error: integer overflow'],
    ['self.ios > 3', 'error: no such overload'],
    ['int(self.s) == 1', "error: type conversion error from 'string' to 'int'"],
    ["self.s.matches(self.s + '[')", /error parsing regexp/],
  ])('%s', (rule, message) => {
    expect(run(rule)).toEqual(message instanceof RegExp ? expect.stringMatching(message) : message);
  });
});

describe('the checker', () => {
  it.each([
    ['self.foo == 1', "ERROR: <input>:1:5: undefined field 'foo'\n | self.foo == 1\n | ....^"],
    ["self.n == 'x'", "found no matching overload for '_==_' applied to '(int, string)'"],
    ['other == 1', "undeclared reference to 'other' (in container '')"],
    ['self.n', 'cel expression must evaluate to a bool'],
    ['self.n >', "Syntax error: mismatched input '<EOF>' expecting"],
    ["[1, 'a'] == []", "expected type 'int' but found 'string'"],
    ['[1, dyn(2)] == []', "1:8: expected type 'int' but found 'dyn'"],
    ['[?optional.of(1), 2.0] == []', "expected type 'int' but found 'double'"],
    ["{'a': 1, 'b': null, 3: 2} == {}", "1:15: expected type 'int' but found 'null'"],
    ['[1, timestamp(0)] == []', "expected type 'int' but found 'timestamp'"],
    ["self.n == 3 && 1 || 'a'", "1:16: expected type 'bool' but found 'int'"],
    ["duration('x') == duration('1s')", 'invalid duration argument'],
    [
      "quantity('1').sign() == 1",
      "found no matching overload for 'sign' applied to 'kubernetes.Quantity.()'",
    ],
    [
      "'%s'.format(['a', 'b']) == ''",
      '1:12: too many arguments supplied to string.format (expected 1, got 2)',
    ],
    ["'%s %q'.format([1, 2]) == ''", 'could not parse formatting clause: unrecognized formatting clause "q"'],
    [
      "'%.f'.format([1.5]) == ''",
      'error while parsing precision: error while converting precision to integer',
    ],
    ["'%d'.format([self.time]) == ''", 'on integers, was given google.protobuf.Timestamp'],
    ["'%s'.format([[1, {'a': optional.none()}]]) == ''", '1:37: error during formatting: string clause'],
    ['[1, self.foo] == [2, ?self.n]', "expected type 'optional_type(int)' but found 'int'"],
    ['[[1], [dyn(2)]] == 3', "'_==_' applied to '(list(list(dyn)), int)'"],
    ["duration(1) == duration('1s')", "found no matching overload for 'duration' applied to '(int)'"],
    ['timestamp(99999999999999) == timestamp(0)', 'invalid timestamp argument'],
    ["uint('-1') == 1u", "program instantiation failed: type conversion error from 'string' to 'uint'"],
    ["self.s.find('[') == ''", 'program instantiation failed: error parsing regexp: missing closing ]: `[`'],
    ["self.s.matches('[')", 'invalid matches argument'],
    [
      'self.n.all(x, true)',
      "expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)",
    ],
    ['self.s.foo == 1', "type 'string' does not support field selection"],
    ['{1: 2}.sortBy(x, x) == []', 'sortBy can only be applied to a list, identifier, comprehension'],
    ['as == 1', 'reserved identifier: as'],
    ['Foo{a: 1} == 1', "undeclared reference to 'Foo' (in container '')"],
  ])('refuses %s', (rule, message) => {
    expect(compiled(rule).error).toContain(message);
  });

  it('tells of literals only when all types fit', () => {
    const { error } = compiled("[1, 'a'] == self.foo || self.s.matches('[') || 3.matches(')')");
    expect(error).toContain("undefined field 'foo'");
    expect(error).toContain("found no matching overload for 'matches'");
    expect(error).not.toMatch(/expected type|invalid matches/);
  });

  it('never throws unclassified errors at garbage', () => {
    const pieces = [
      'self',
      '.',
      'n',
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      '"',
      "'",
      '+',
      '-',
      '&&',
      '?',
      ':',
      ',',
      '1',
      'u',
      '\\',
      '\n',
      'has',
      'all',
      'x',
      '`',
      '.?',
      '[?',
      '∞',
      '==',
      '@',
      'b"',
      '0x',
      '1e',
      '$',
    ];
    let seed = 7;
    const random = (limit: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % limit;
    };
    for (let i = 0; i < 3_000; i++) {
      const source = Array.from({ length: 1 + random(12) }, () => pieces[random(pieces.length)]).join('');
      const made = compiled(source || 'x');
      expect(typeof (made.error ?? '')).toBe('string');
      try {
        parse(source);
      } catch (error) {
        expect(error).toBeInstanceOf(CompileError);
      }
    }
  });

  it('refuses expressions that are too deep, too long or too many', () => {
    expect(compiled('('.repeat(1_000) + '1'.repeat(1)).error).toContain('recursion limit exceeded');
    expect(compiled(`${'!'.repeat(5_000)}true`).error).toBeUndefined();
    expect(compiled(`true${' && true'.repeat(2_000)}`).error).toBeUndefined();
    expect(compiled(`1${' + 1'.repeat(2_000)} == 1`).error).toContain('recursion limit exceeded');
    expect(compiled('x'.repeat(100_001)).error).toContain('code point size exceeds limit');
  });
});

describe('costs', () => {
  it('are estimated by the limits of the schema', () => {
    expect(compiled("self.short == 'abc'").maxCost).toBeLessThan(10);
    expect(compiled('self.few.all(x, x > 0)').maxCost).toBeLessThan(100);
    expect(compiled('self.l.all(x, self.l.all(y, x == y))').maxCost).toBeGreaterThan(1e9);
    expect(compiled("self.s.matches('(a+)+$')").maxCost).toBeGreaterThan(100_000);
    // keys count as empty texts, a sorted list as long as there are pairs
    expect(compiled(`self.m.all(k, k.matches('${'a'.repeat(1000)}'))`).maxCost).toBeLessThan(1e9);
    expect(compiled('self.few.sort().all(x, true)').maxCost).toBeGreaterThan(75);
    expect(compiled("matches(self.s, '(a+)+$')").maxCost).toBeGreaterThan(100_000);
    expect(compiled('type(self.time) == google.protobuf.Timestamp').maxCost).toBeLessThan(10);
  });

  it('end a rule at run time', () => {
    const l = Array.from({ length: 3_000 }, (_, i) => `item ${i}`);
    expect(run('self.l.all(x, self.l.exists(y, x == y))', { l })).toBe(
      'error: operation cancelled: actual cost limit exceeded',
    );
  });

  it('count the work of deep comparisons, which cost next to nothing', () => {
    const schema: JsonSchema = {
      type: 'object',
      properties: {
        a: { type: 'array', items: { type: 'array', items: { type: 'array', items: { type: 'integer' } } } },
        l: { type: 'array', items: { type: 'integer' } },
      },
    };
    const type = declTypeOf(schema, false);
    const [made] = type ? compileRules([{ rule: 'self.l.all(x, self.a == self.a.map(y, y))' }], type) : [];
    const inner = Array.from({ length: 300 }, () => Array.from({ length: 300 }, () => 1));
    const self = fromJson({ a: [inner], l: Array.from({ length: 50_000 }, () => 1) }, schemaNode(schema));
    const start = performance.now();
    const outcome = made?.program?.run({ self }, 1_000_000);
    expect(outcome?.error).toBeInstanceOf(CostLimitError);
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});

describe('names', () => {
  it.each([
    ['a-b', 'a__dash__b'],
    ['a.b/c', 'a__dot__b__slash__c'],
    ['a__b', 'a__underscores__b'],
    ['namespace', '__namespace__'],
  ])('are escaped: %s', (name, escaped) => {
    expect(escapeName(name)).toBe(escaped);
    expect(unescapeName(escaped)).toBe(name);
  });
  it('without an identifier cannot be reached', () => {
    expect(escapeName('a b')).toBeUndefined();
    expect(escapeName('1a')).toBeUndefined();
  });
});
