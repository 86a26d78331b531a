import { format } from '../format.ts';
import * as text from '../strings.ts';
import { type CelValue, type ListValue, noSuchOverload } from '../values.ts';
import { ILLEGAL, matches, regex } from './patterns.ts';
import { items, listOfText, num, type Row } from './row.ts';

export const STRINGS: readonly Row[] = [
  ['contains', 'contains_string', 'string.(string) bool', (a: string, b: string) => text.find(a, b, 0) >= 0],
  ['startsWith', 'starts_with_string', 'string.(string) bool', (a: string, b: string) => a.startsWith(b)],
  ['endsWith', 'ends_with_string', 'string.(string) bool', (a: string, b: string) => a.endsWith(b)],
  ['matches', 'matches', '(string,string) bool', matches],
  ['matches', 'matches_string', 'string.(string) bool', matches],
  [
    'find',
    'string_find_string',
    'string.(string) string',
    (a: string, p: string) => regex(ILLEGAL, a, p, (re) => re.find(a) ?? ''),
  ],
  [
    'findAll',
    'string_find_all_string',
    'string.(string) list<string>',
    (a: string, p: string) => regex(ILLEGAL, a, p, (re) => listOfText(re.findAll(a, -1))),
  ],
  [
    'findAll',
    'string_find_all_string_int',
    'string.(string,int) list<string>',
    (a: string, p: string, n: bigint) => regex(ILLEGAL, a, p, (re) => listOfText(re.findAll(a, num(n)))),
  ],
  ['charAt', 'string_char_at_int', 'string.(int) string', (a: string, i: bigint) => text.charAt(a, num(i))],
  [
    'indexOf',
    'string_index_of_string',
    'string.(string) int',
    (a: string, b: string) => BigInt(text.indexOf(a, b, 0)),
  ],
  [
    'indexOf',
    'string_index_of_string_int',
    'string.(string,int) int',
    (a: string, b: string, i: bigint) => BigInt(text.indexOf(a, b, num(i))),
  ],
  [
    'lastIndexOf',
    'string_last_index_of_string',
    'string.(string) int',
    (a: string, b: string) => BigInt(text.lastIndexOf(a, b)),
  ],
  [
    'lastIndexOf',
    'string_last_index_of_string_int',
    'string.(string,int) int',
    (a: string, b: string, i: bigint) => BigInt(text.lastIndexOf(a, b, num(i))),
  ],
  ['lowerAscii', 'string_lower_ascii', 'string.() string', text.lowerAscii],
  ['upperAscii', 'string_upper_ascii', 'string.() string', text.upperAscii],
  [
    'replace',
    'string_replace_string_string',
    'string.(string,string) string',
    (a: string, b: string, c: string) => text.replace(a, b, c, -1),
  ],
  [
    'replace',
    'string_replace_string_string_int',
    'string.(string,string,int) string',
    (a: string, b: string, c: string, n: bigint) => text.replace(a, b, c, num(n)),
  ],
  [
    'split',
    'string_split_string',
    'string.(string) list<string>',
    (a: string, b: string) => listOfText(text.split(a, b, -1)),
  ],
  [
    'split',
    'string_split_string_int',
    'string.(string,int) list<string>',
    (a: string, b: string, n: bigint) => listOfText(text.split(a, b, num(n))),
  ],
  [
    'substring',
    'string_substring_int',
    'string.(int) string',
    (a: string, i: bigint) => text.substring(a, num(i)),
  ],
  [
    'substring',
    'string_substring_int_int',
    'string.(int,int) string',
    (a: string, i: bigint, j: bigint) => text.substring(a, num(i), num(j)),
  ],
  ['trim', 'string_trim', 'string.() string', (a: string) => a.trim()],
  [
    'join',
    'list_join',
    'list<string>.() string',
    (list: ListValue) => text.join(items(list).map(asText), ''),
  ],
  [
    'join',
    'list_join_string',
    'list<string>.(string) string',
    (list: ListValue, sep: string) => text.join(items(list).map(asText), sep),
  ],
  [
    'format',
    'string_format',
    'string.(list<dyn>) string',
    (a: string, args: ListValue) => format(a, items(args)),
  ],
  ['strings.quote', 'strings_quote', '(string) string', text.quote],
];

const asText = (value: CelValue): string => (typeof value === 'string' ? value : noSuchOverload());
