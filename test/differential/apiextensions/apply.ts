/** Server-side apply on custom resources: owners, conflicts, force, removal, list and map types. */
import { get, patch, post } from '../build.ts';
import type { Body, Scenario, Step } from '../step.ts';
import { collectionOf, type Definition, define, instance, namespace, object } from './define.ts';

const text = { type: 'string' };
const item = object(
  { id: text, kind: { type: 'string', default: 'k' }, v: text, w: text },
  { required: ['id'] },
);
const KIND: Definition = {
  group: 'apply',
  plural: 'fleets',
  kind: 'Fleet',
  root: {
    spec: object({
      a: text,
      b: text,
      n: { type: 'integer' },
      nested: object({ x: text, y: text }),
      atomicMap: object({ x: text, y: text }, { 'x-kubernetes-map-type': 'atomic' }),
      granular: { type: 'object', additionalProperties: text },
      atomicList: { type: 'array', items: text },
      set: { type: 'array', 'x-kubernetes-list-type': 'set', items: text },
      map: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['id'],
        items: item,
      },
      two: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['id', 'kind'],
        items: item,
      },
      open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      d: { type: 'string', default: 'given' },
      nullable: { type: 'string', nullable: true },
    }),
    status: object({ phase: text, n: { type: 'integer' } }),
  },
  version: {
    subresources: { status: {}, scale: { specReplicasPath: '.spec.n', statusReplicasPath: '.status.n' } },
  },
};
const ALL = collectionOf(KIND);
const fleet = (name: string, spec?: object, metadata: object = {}): Body => ({
  ...instance(KIND, name),
  metadata: { name, ...metadata },
  ...(spec && { spec }),
});
const apply = (
  what: string,
  manager: string,
  name: string,
  spec?: object,
  query = '',
  metadata: object = {},
): Step =>
  patch(what, 'apply', `${ALL}/${name}?fieldManager=${manager}${query}`, fleet(name, spec, metadata));
const raw = (name: string, path: string, body: string, type = 'application/apply-patch+yaml'): Step => ({
  name,
  method: 'PATCH',
  path,
  raw: body,
  type,
});

export const APPLY: Scenario = {
  name: 'apply',
  steps: [
    namespace('trial-apply'),
    ...define(KIND),
    patch('without a manager', 'apply', `${ALL}/f`, fleet('f', { a: '1' })),
    { ...apply('creates', 'one', 'f', { a: '1', b: '1' }), until: 201 },
    apply('nothing new keeps the version', 'one', 'f', { a: '1', b: '1' }),
    apply('another adds', 'two', 'f', { n: 2 }),
    apply('shares a value', 'two', 'f', { n: 2, a: '1' }),
    apply('conflicts', 'two', 'f', { n: 2, a: '2' }),
    apply('conflicts in two fields', 'three', 'f', { b: '3', a: '1', n: 2 }),
    apply('force', 'two', 'f', { n: 2, a: '2' }, '&force=true'),
    apply('lets go of what is another’s', 'one', 'f', { b: '1' }),
    apply('removes its own', 'one', 'f', {}),
    apply('removes all', 'one', 'f'),
    apply('with a null', 'one', 'f', { b: null }),
    apply('with a null of nullable', 'one', 'f', { nullable: null }),
    apply('owns a default', 'one', 'f', { d: 'mine' }),
    apply('lets go of a default', 'one', 'f', {}),
    apply('labels and annotations', 'one', 'f', {}, '', { labels: { a: '1' }, annotations: { b: '2' } }),
    apply('another label', 'two', 'f', { n: 2, a: '2' }, '', { labels: { c: '3' } }),
    apply('removes labels', 'one', 'f', {}),
    patch('a merge patch takes over', 'merge', `${ALL}/f?fieldManager=editor`, { spec: { a: 'edited' } }),
    apply('conflicts with the patch', 'two', 'f', { n: 2, a: '2' }),
    { ...apply('agrees with the patch', 'two', 'f', { n: 2, a: 'edited' }), keep: 'agreed' },
    {
      name: 'an update removes',
      method: 'PUT',
      path: `${ALL}/f?fieldManager=editor`,
      change: { object: 'agreed', changes: { 'spec/n': undefined, 'spec/b': 'by update' } },
    },
    get('get', `${ALL}/f`),
    apply('nested', 'one', 'g', { nested: { x: '1' }, atomicMap: { x: '1' }, granular: { x: '1' } }),
    apply('nested by another', 'two', 'g', { nested: { y: '2' }, granular: { y: '2' } }),
    apply('atomic map conflicts', 'two', 'g', { atomicMap: { y: '2' } }),
    apply('atomic map by force', 'two', 'g', { atomicMap: { y: '2' } }, '&force=true'),
    apply('lists', 'one', 'g', {
      atomicList: ['a', 'b'],
      set: ['a', 'b'],
      map: [{ id: 'a', v: '1' }, { id: 'b' }],
    }),
    apply('set by another', 'two', 'g', { set: ['b', 'c'] }),
    apply('set by another lets go', 'two', 'g', { set: ['c'] }),
    apply('set of the first lets go', 'one', 'g', {
      set: ['a'],
      atomicList: ['a', 'b'],
      map: [{ id: 'a', v: '1' }, { id: 'b' }],
    }),
    apply('set twice', 'two', 'g', { set: ['x', 'x'] }),
    apply('atomic list conflicts', 'two', 'g', { atomicList: ['c'] }),
    apply('map by another', 'two', 'g', { map: [{ id: 'a', w: '2' }, { id: 'c' }] }),
    apply('map conflicts', 'two', 'g', { map: [{ id: 'a', v: '2' }] }),
    apply('map order of the applied', 'one', 'g', {
      set: ['a'],
      atomicList: ['a', 'b'],
      map: [{ id: 'b' }, { id: 'a', v: '1' }],
    }),
    apply('map lets go of an item', 'one', 'g', { map: [{ id: 'a', v: '1' }] }),
    apply('map twice', 'one', 'g', { map: [{ id: 'a' }, { id: 'a' }] }),
    apply('map without a key', 'one', 'g', { map: [{ v: '1' }] }),
    apply('two keys with a default', 'one', 'g', {
      two: [
        { id: 'a', v: '1' },
        { id: 'a', kind: 'other', v: '2' },
      ],
    }),
    apply('two keys by another', 'two', 'g', { two: [{ id: 'a', kind: 'other', w: '3' }] }),
    apply('open fields', 'one', 'g', { open: { any: { thing: [1, 2] }, more: 'x' } }),
    apply('open fields by another', 'two', 'g', { open: { any: { other: 1 } } }),
    apply('open fields conflict', 'three', 'g', { open: { any: { thing: [3] } } }),
    apply('wrong type', 'one', 'g', { n: 'x' }),
    apply('object for a list', 'one', 'g', { set: { a: 1 } }),
    apply('unknown field', 'one', 'g', { unknown: 1 }),
    apply('list for text', 'one', 'g', { a: ['x'] }),
    patch('status', 'apply', `${ALL}/g/status?fieldManager=ctl`, {
      ...fleet('g'),
      status: { phase: 'Good' },
    }),
    patch('status by another conflicts', 'apply', `${ALL}/g/status?fieldManager=ctl2`, {
      ...fleet('g'),
      status: { phase: 'Bad' },
    }),
    patch('status in the main resource is dropped', 'apply', `${ALL}/g?fieldManager=ctl3`, {
      ...fleet('g'),
      status: { phase: 'Bad' },
    }),
    patch('spec in the status resource is dropped', 'apply', `${ALL}/g/status?fieldManager=ctl4`, {
      ...fleet('g', { a: 'x' }),
      status: { n: 3 },
    }),
    patch('scale by a patch owns the field', 'merge', `${ALL}/g/scale?fieldManager=scaler`, {
      spec: { replicas: 7 },
    }),
    apply('conflicts with the scaler', 'one', 'g', { n: 8 }),
    patch('scale by apply', 'apply', `${ALL}/g/scale?fieldManager=applier`, {
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: { name: 'g' },
      spec: { replicas: 9 },
    }),
    get('get with all managers', `${ALL}/g`),
    apply('dry run creates nothing', 'one', 'h', { a: '1' }, '&dryRun=All'),
    get('nothing was created', `${ALL}/h`),
    apply('with managed fields', 'one', 'h', { a: '1' }, '', { managedFields: [{ manager: 'x' }] }),
    apply('with an empty list of managed fields', 'one', 'h', { a: '1' }, '', { managedFields: [] }),
    apply('with a version of the past', 'one', 'h', { a: '1' }, '', { resourceVersion: '1' }),
    apply('with another uid', 'one', 'h', { a: '1' }, '', { uid: 'x' }),
    apply('generateName', 'one', 'h', { a: '1' }, '', { generateName: 'x-' }),
    patch('with another name', 'apply', `${ALL}/h?fieldManager=one`, fleet('other', { a: '1' })),
    patch('without a name', 'apply', `${ALL}/h?fieldManager=named`, {
      apiVersion: 'apply.trial.example.com/v1',
      kind: 'Fleet',
      spec: { b: '1' },
    }),
    patch('without a kind', 'apply', `${ALL}/h?fieldManager=one`, { metadata: { name: 'h' } }),
    patch('of another version', 'apply', `${ALL}/h?fieldManager=one`, {
      ...fleet('h'),
      apiVersion: 'apply.trial.example.com/v2',
    }),
    patch('of another kind', 'apply', `${ALL}/h?fieldManager=one`, { ...fleet('h'), kind: 'Other' }),
    apply('a manager name too long', 'x'.repeat(129), 'h', {}),
    apply('a wrong force', 'one', 'h', { a: '1' }, '&force=maybe'),
    patch('force without apply', 'merge', `${ALL}/h?force=true`, {}),
    raw(
      'YAML',
      `${ALL}/h?fieldManager=yaml`,
      'apiVersion: apply.trial.example.com/v1\nkind: Fleet\nmetadata:\n  name: h\nspec:\n  b: "1"\n',
    ),
    raw('broken YAML', `${ALL}/h?fieldManager=yaml`, 'a: ['),
    raw('empty', `${ALL}/h?fieldManager=yaml`, ''),
    raw('text', `${ALL}/h?fieldManager=yaml`, 'text'),
    raw('JSON by the plus-json type', `${ALL}/h?fieldManager=yaml`, '{}', 'application/apply-patch+json'),
    raw('CBOR type', `${ALL}/h?fieldManager=yaml`, '{}', 'application/apply-patch+cbor'),
    post('create with a manager', `${ALL}?fieldManager=maker`, fleet('i', { a: '1', set: ['x'] })),
    patch('reset managers', 'json', `${ALL}/i`, [
      { op: 'replace', path: '/metadata/managedFields', value: [{}] },
    ]),
    apply('apply after the reset', 'one', 'i', { a: '2' }),
    patch('managers by hand', 'merge', `${ALL}/i`, {
      metadata: {
        managedFields: [
          {
            manager: 'hand',
            operation: 'Update',
            apiVersion: 'apply.trial.example.com/v1',
            fieldsType: 'FieldsV1',
            fieldsV1: { 'f:spec': { 'f:a': {} } },
          },
        ],
      },
    }),
    apply('conflicts with the hand', 'one', 'i', { a: '3' }),
    patch('bad managers by hand', 'merge', `${ALL}/i`, {
      metadata: {
        managedFields: [{ manager: 'hand', operation: 'Odd', fieldsType: 'FieldsV9', fieldsV1: { x: {} } }],
      },
    }),
  ],
};
