/** Ratcheting (KEP-4008): what a tightened schema no longer allows may stay as long as it is not changed. */
import { get, patch, post, put, updates } from '../build.ts';
import type { Changes, Scenario, Step } from '../step.ts';
import {
  CRDS,
  collectionOf,
  type Definition,
  define,
  definition,
  instance,
  namespace,
  object,
} from './define.ts';

const text = { type: 'string' };
const integer = { type: 'integer' };
const list = (items: object, more: object = {}) => ({ type: 'array', items, ...more });
const map = (items: object) =>
  list(items, { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'] });
const dict = (values: object, more: object = {}) => ({
  type: 'object',
  additionalProperties: values,
  ...more,
});
const ruled = (properties: object, ...rules: object[]) =>
  object(properties, { 'x-kubernetes-validations': rules });

const LOOSE: Definition = {
  group: 'ratchet',
  plural: 'tools',
  kind: 'Tool',
  root: {
    spec: object({
      free: text,
      text,
      number: integer,
      pattern: text,
      choice: text,
      date: text,
      list: list(object({ n: text })),
      map: map(object({ k: text, v: text, w: text }, { required: ['k'] })),
      set: list(text, { 'x-kubernetes-list-type': 'set' }),
      object: object({ a: text, b: text, c: text }),
      dict: dict(text),
      ruled: object({ v: integer, w: integer }),
      optional: object({ v: integer }),
      transition: object({ v: integer }),
      deep: object({ inner: object({ v: integer }) }),
      items: map(object({ k: text, v: integer }, { required: ['k'] })),
      atomic: list(object({ v: integer })),
      nothing: { type: 'string', nullable: true },
    }),
    status: object({ phase: text }),
  },
  version: { subresources: { status: {} } },
};

const tight = definition({
  ...LOOSE,
  root: {
    spec: object({
      free: text,
      text: { ...text, maxLength: 3 },
      number: { ...integer, maximum: 5 },
      pattern: { ...text, pattern: '^a+$' },
      choice: { ...text, enum: ['one', 'two'] },
      date: { ...text, format: 'date' },
      list: list(object({ n: { ...text, maxLength: 2 } }), { maxItems: 2 }),
      map: map(object({ k: text, v: { ...text, enum: ['good'] }, w: text }, { required: ['k'] })),
      set: list({ ...text, maxLength: 2 }, { 'x-kubernetes-list-type': 'set' }),
      object: object({ a: { ...text, maxLength: 2 }, b: text, c: text }, { required: ['c'] }),
      dict: dict({ ...text, maxLength: 2 }, { maxProperties: 1 }),
      ruled: ruled({ v: integer, w: integer }, { rule: 'self.v < 10', message: 'v is too much' }),
      optional: ruled(
        { v: integer },
        { rule: 'oldSelf.hasValue() || self.v < 10', optionalOldSelf: true, message: 'new and too much' },
      ),
      transition: ruled({ v: integer }, { rule: 'self.v >= oldSelf.v', message: 'v only grows' }),
      deep: ruled(
        { inner: ruled({ v: integer }, { rule: 'self.v < 10', message: 'inner' }) },
        { rule: 'self.inner.v < 20', message: 'outer' },
      ),
      items: map(
        ruled({ k: text, v: integer }, { rule: '!has(self.v) || self.v < 10', message: 'item' }) as object,
      ),
      atomic: list(ruled({ v: integer }, { rule: 'self.v < 10', message: 'item' })),
      nothing: { ...text, minLength: 3, nullable: true },
    }),
    status: object({ phase: { ...text, maxLength: 3 } }),
  },
});
// keys of a map must be required
const [version] = tight.spec.versions;
const { items } = (
  version as { schema: { openAPIV3Schema: { properties: { spec: { properties: never } } } } }
).schema.openAPIV3Schema.properties.spec.properties as { items: { items: { required?: string[] } } };
items.items.required = ['k'];

const T = collectionOf(LOOSE);
const BAD = {
  free: 'x',
  text: 'long text',
  number: 9,
  pattern: 'bbb',
  choice: 'three',
  date: 'someday',
  list: [{ n: 'long' }, { n: 'ok' }, { n: 'more' }],
  map: [
    { k: '1', v: 'bad' },
    { k: '2', v: 'good' },
  ],
  set: ['long', 'ok'],
  object: { a: 'long', b: 'b' },
  dict: { x: 'long', y: 'ok' },
  nothing: null,
};

/** One object for each rule that it breaks, since warnings come in no order. */
const BREAKS = {
  ruled: { v: 50, w: 1 },
  optional: { v: 50 },
  transition: { v: 50 },
  deep: { inner: { v: 50 } },
  items: [
    { k: '1', v: 50 },
    { k: '2', v: 1 },
  ],
  atomic: [{ v: 50 }, { v: 1 }],
};

const rule = (field: keyof typeof BREAKS, cases: Readonly<Record<string, Changes>>): Step[] => [
  get(`get ${field}`, `${T}/${field}`, { keep: field }),
  ...updates(`${T}/${field}`, field, { [`beside ${field}`]: { 'spec/free': 'y' }, ...cases }),
];

export const RATCHETING: Scenario = {
  name: 'ratcheting',
  steps: [
    namespace('trial-ratchet'),
    ...define(LOOSE),
    post('create', T, instance(LOOSE, 'bad', { spec: BAD }), { until: 201 }),
    post('create a sound one', T, instance(LOOSE, 'sound', { spec: { free: 'x' } })),
    ...Object.entries(BREAKS).map(([field, value]) =>
      post(`create against ${field}`, T, instance(LOOSE, field, { spec: { free: 'x', [field]: value } })),
    ),
    put('bad status', `${T}/bad/status`, instance(LOOSE, 'bad', { status: { phase: 'longer' } }), {
      ignore: ['/body'],
    }),
    patch('status', 'merge', `${T}/bad/status`, { status: { phase: 'longer' } }),
    patch(
      'tighten',
      'merge',
      `${CRDS}/tools.ratchet.trial.example.com`,
      { spec: tight.spec },
      { prepare: true },
    ),
    post('such an object is refused now', `${T}?dryRun=All`, instance(LOOSE, 'x', { spec: BAD }), {
      until: 422,
      ignore: ['/body/message', '/body/details/causes/**'],
    }),
    get('it is read as it is', `${T}/bad`, { keep: 'bad' }),
    ...updates(`${T}/bad`, 'bad', {
      nothing: {},
      'another field': { 'spec/free': 'y' },
      'a label': { 'metadata/labels': { a: 'b' } },
      'text to other bad text': { 'spec/text': 'other long text' },
      'text to good text': { 'spec/text': 'ok' },
      'leave text out': { 'spec/text': undefined },
      'number to another': { 'spec/number': 8 },
      'pattern to another': { 'spec/pattern': 'ccc' },
      'choice to another': { 'spec/choice': 'four' },
      'date to another': { 'spec/date': 'never' },
      'one good, one bad': { 'spec/text': 'ok', 'spec/number': 8 },
      'add a good item': { 'spec/list/3': { n: 'ok' } },
      'remove a good item': { 'spec/list': [{ n: 'long' }, { n: 'more' }] },
      'change a good item': { 'spec/list/1': { n: 'k' } },
      'change a bad item': { 'spec/list/0': { n: 'long!' } },
      'add to the map': { 'spec/map/2': { k: '3', v: 'good' } },
      'add bad to the map': { 'spec/map/2': { k: '3', v: 'bad' } },
      'change by the side in the map': { 'spec/map/0/w': 'w' },
      'change bad to bad in the map': { 'spec/map/0/v': 'worse' },
      'change the key in the map': { 'spec/map/0/k': '9' },
      'reorder the map': {
        'spec/map': [
          { k: '2', v: 'good' },
          { k: '1', v: 'bad' },
        ],
      },
      'add to the set': { 'spec/set/2': 'k' },
      'add bad to the set': { 'spec/set/2': 'longer' },
      'reorder the set': { 'spec/set': ['ok', 'long'] },
      'beside in the object': { 'spec/object/b': 'c' },
      'what is required': { 'spec/object/c': 'c' },
      'bad to bad in the object': { 'spec/object/a': 'longer', 'spec/object/c': 'c' },
      'add to the dictionary': { 'spec/dict/z': 'ok' },
      'remove from the dictionary': { 'spec/dict/y': undefined },
      'bad to bad in the dictionary': { 'spec/dict/x': 'longer' },
      'null to bad': { 'spec/nothing': 'x' },
      'a new bad field': { 'spec/nothing': 'x', 'spec/free': 'z' },
    }),
    ...rule('ruled', {
      'beside what a rule looks at': { 'spec/ruled/w': 2 },
      'what a rule looks at, still bad': { 'spec/ruled/v': 51 },
      'what a rule looks at, good': { 'spec/ruled/v': 1 },
    }),
    ...rule('optional', { 'an optional old value': { 'spec/optional/v': 51 } }),
    ...rule('transition', {
      'a transition down': { 'spec/transition/v': 1 },
      'a transition up': { 'spec/transition/v': 99 },
    }),
    ...rule('deep', {
      'within both rules': { 'spec/deep/inner/v': 15 },
      'against both rules': { 'spec/deep/inner/v': 51 },
    }),
    ...rule('items', {
      'a good item with rules': { 'spec/items/1/v': 2 },
      'a bad item with rules': { 'spec/items/0/v': 51 },
      'another item with rules': { 'spec/items/2': { k: '3', v: 50 } },
      'the place of items with rules': {
        'spec/items': [
          { k: '2', v: 1 },
          { k: '1', v: 50 },
        ],
      },
    }),
    ...rule('atomic', {
      'a good item of a whole list': { 'spec/atomic/1/v': 2 },
      'a whole list longer': { 'spec/atomic/2': { v: 1 } },
    }),
    patch('a rule in status', 'merge', `${T}/ruled/status?dryRun=All`, { status: { phase: 'ok' } }),
    get('a sound one', `${T}/sound`, { keep: 'sound' }),
    ...updates(`${T}/sound`, 'sound', {
      'add bad text': { 'spec/text': 'long text' },
      'add an object without what is required': { 'spec/object': { b: 'b' } },
      'add what a rule refuses': { 'spec/ruled': { v: 50 } },
      'add an optional old value': { 'spec/optional': { v: 50 } },
      'add a transition': { 'spec/transition': { v: 50 } },
    }),
    patch('merge patch beside', 'merge', `${T}/bad?dryRun=All`, { spec: { free: 'y' } }),
    patch('merge patch of bad', 'merge', `${T}/bad?dryRun=All`, { spec: { number: 7 } }),
    patch(
      'apply beside',
      'apply',
      `${T}/bad?dryRun=All&fieldManager=m`,
      instance(LOOSE, 'bad', { spec: { number: 9 } }),
    ),
    patch(
      'apply of bad',
      'apply',
      `${T}/bad?dryRun=All&fieldManager=m&force=true`,
      instance(LOOSE, 'bad', { spec: { number: 8 } }),
    ),
    patch('status that stays bad', 'merge', `${T}/bad/status?dryRun=All`, {
      metadata: { labels: { a: 'b' } },
    }),
    patch('status to bad', 'merge', `${T}/bad/status?dryRun=All`, { status: { phase: 'another' } }),
    patch('status to good', 'merge', `${T}/bad/status?dryRun=All`, { status: { phase: 'ok' } }),
  ],
};
