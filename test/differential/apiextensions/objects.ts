/** Custom resources: schemas at work, CEL rules, every patch, strict fields, status and scale. */
import { get, PARTIAL, patch, post, put, remove, TABLE, updates, variants } from '../build.ts';
import type { Scenario } from '../step.ts';
import { collectionOf, type Definition, define, instance, namespace, object } from './define.ts';

const text = { type: 'string' };
const integer = { type: 'integer' };

const SCHEMA: Definition = {
  group: 'schema',
  plural: 'shapes',
  kind: 'Shape',
  root: {
    spec: object({
      s: { type: 'string', minLength: 2, maxLength: 5, pattern: '^[a-z]+$' },
      e: { type: 'string', enum: ['a', 'b'] },
      i: { type: 'integer', minimum: 1, maximum: 10, multipleOf: 3 },
      x: { type: 'integer', minimum: 1, exclusiveMinimum: true, maximum: 10, exclusiveMaximum: true },
      i32: { type: 'integer', format: 'int32' },
      i64: { type: 'integer', format: 'int64' },
      n: { type: 'number', minimum: 0.5 },
      b: { type: 'boolean' },
      p: { 'x-kubernetes-int-or-string': true },
      pq: {
        'x-kubernetes-int-or-string': true,
        anyOf: [{ type: 'integer' }, { type: 'string' }],
        pattern: '^[0-9]+%?$',
      },
      nullable: { type: 'string', nullable: true },
      notNullable: { type: 'string', default: 'was null' },
      time: { type: 'string', format: 'date-time' },
      date: { type: 'string', format: 'date' },
      duration: { type: 'string', format: 'duration' },
      email: { type: 'string', format: 'email' },
      ipv4: { type: 'string', format: 'ipv4' },
      ipv6: { type: 'string', format: 'ipv6' },
      cidr: { type: 'string', format: 'cidr' },
      uri: { type: 'string', format: 'uri' },
      uuid: { type: 'string', format: 'uuid' },
      byte: { type: 'string', format: 'byte' },
      hostname: { type: 'string', format: 'hostname' },
      mac: { type: 'string', format: 'mac' },
      password: { type: 'string', format: 'password' },
      list: { type: 'array', minItems: 1, maxItems: 3, items: { type: 'string' } },
      set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
      map: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name', 'port'],
        items: object(
          { name: text, port: { type: 'integer', default: 80 }, value: text },
          { required: ['name'] },
        ),
      },
      dict: { type: 'object', minProperties: 1, maxProperties: 2, additionalProperties: { type: 'integer' } },
      required: object({ a: text, b: text }, { required: ['a', 'b'] }),
      one: object({ a: text, b: text }, { oneOf: [{ required: ['a'] }, { required: ['b'] }] }),
      any: object({ a: text, b: text }, { anyOf: [{ required: ['a'] }, { required: ['b'] }] }),
      all: { type: 'string', allOf: [{ minLength: 2 }, { pattern: '^x' }] },
      not: { type: 'string', not: { enum: ['no'] } },
      defaults: object({
        a: { type: 'string', default: 'one' },
        deep: object({ b: { type: 'integer', default: 2 } }, { default: {} }),
        list: { type: 'array', default: [{}], items: object({ c: { type: 'boolean', default: true } }) },
      }),
      open: {
        type: 'object',
        'x-kubernetes-preserve-unknown-fields': true,
        properties: { closed: object({ a: text }) },
      },
      embedded: {
        type: 'object',
        'x-kubernetes-embedded-resource': true,
        'x-kubernetes-preserve-unknown-fields': true,
      },
      slow: { type: 'string', pattern: '^(a+)+$' },
    }),
  },
};
const shape = (name: string, spec: object) => ({ [name]: { spec } });
const bad = (spec: object) => ({ spec });

export const SCHEMAS: Scenario = {
  name: 'schemas',
  steps: [
    namespace('trial-schema'),
    ...define(SCHEMA),
    ...variants(collectionOf(SCHEMA), instance(SCHEMA, 'x'), {
      'no spec': {},
      'empty spec': bad({}),
      'spec is text': { spec: 'text' },
      'spec is null': { spec: null },
      'good values': bad({
        s: 'abc',
        e: 'a',
        i: 6,
        n: 1.5,
        b: true,
        p: 5,
        pq: '50%',
        nullable: null,
        time: '2020-01-01T00:00:00Z',
        list: ['a'],
        set: ['a', 'b'],
        dict: { a: 1 },
        one: { a: 'x' },
        any: { a: 'x', b: 'y' },
        all: 'xy',
        not: 'yes',
      }),
      ...shape('too short', { s: 'a' }),
      ...shape('too long', { s: 'abcdef' }),
      ...shape('pattern', { s: 'ABC' }),
      ...shape('characters not bytes', { s: 'äöü' }),
      ...shape('enum', { e: 'c' }),
      ...shape('too small', { i: 0 }),
      ...shape('too large and no multiple', { i: 11 }),
      ...shape('exclusive minimum', { x: 1 }),
      ...shape('exclusive maximum', { x: 10 }),
      ...shape('fraction', { i: 1.5 }),
      ...shape('whole fraction', { i: 3.0 }),
      ...shape('int32 overflows', { i32: 2147483648 }),
      ...shape('int64 is large', { i64: 9007199254740991 }),
      ...shape('number too small', { n: 0.1 }),
      ...shape('number is text', { n: '1' }),
      ...shape('boolean is text', { b: 'true' }),
      ...shape('int or string is a boolean', { p: true }),
      ...shape('int or string is a fraction', { p: 1.5 }),
      ...shape('int or string with a pattern', { pq: 'x%' }),
      ...shape('null of nullable stays', { nullable: null }),
      ...shape('null of another is dropped or defaulted', { notNullable: null, s: null }),
      ...shape('time', { time: 'yesterday' }),
      ...shape('date', { date: '2020-13-01' }),
      ...shape('duration', { duration: 'long' }),
      ...shape('good duration', { duration: '1h30m' }),
      ...shape('email', { email: 'x' }),
      ...shape('ipv4', { ipv4: '1.2.3' }),
      ...shape('ipv6', { ipv6: '1.2.3.4' }),
      ...shape('cidr', { cidr: '10.0.0.0' }),
      ...shape('uri', { uri: 'not a uri' }),
      ...shape('uuid', { uuid: 'x' }),
      ...shape('byte', { byte: '!' }),
      ...shape('hostname', { hostname: '-a-' }),
      ...shape('mac', { mac: 'x' }),
      ...shape('password', { password: 'anything' }),
      ...shape('list too short', { list: [] }),
      ...shape('list too long', { list: ['a', 'b', 'c', 'd'] }),
      ...shape('item of a wrong type', { list: ['a', 5] }),
      ...shape('item is null', { list: ['a', null] }),
      ...shape('list is an object', { list: {} }),
      ...shape('set twice', { set: ['a', 'a'] }),
      ...shape('map twice', { map: [{ name: 'a' }, { name: 'a', port: 80 }] }),
      ...shape('map without a key', { map: [{ value: 'x' }] }),
      ...shape('map of two ports', { map: [{ name: 'a' }, { name: 'a', port: 81 }] }),
      ...shape('dict too small', { dict: {} }),
      ...shape('dict too large', { dict: { a: 1, b: 2, c: 3 } }),
      ...shape('dict of a wrong type', { dict: { a: 'x' } }),
      ...shape('required', { required: {} }),
      ...shape('required is null', { required: { a: null, b: 'x' } }),
      ...shape('one of none', { one: {} }),
      ...shape('one of both', { one: { a: 'x', b: 'y' } }),
      ...shape('any of none', { any: {} }),
      ...shape('all of', { all: 'y' }),
      ...shape('not', { not: 'no' }),
      ...shape('defaults', { defaults: {} }),
      ...shape('defaults deep', { defaults: { deep: {}, list: [{}, { c: false }] } }),
      ...shape('unknown fields are pruned', { unknown: 1, required: { a: 'x', b: 'y', c: 'z' } }),
      ...shape('open fields stay', { open: { any: { thing: [1] }, closed: { a: 'x', pruned: 1 } } }),
      ...shape('embedded', {
        embedded: {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'a', labels: { a: 'b' }, unknown: 1 },
          spec: { any: 1 },
        },
      }),
      ...shape('embedded without a kind', { embedded: { metadata: { name: 'a' } } }),
      ...shape('embedded with bad metadata', {
        embedded: { apiVersion: 'v1', kind: 'Pod', metadata: { labels: { a: 5 } } },
      }),
      ...shape('slow pattern', { slow: `${'a'.repeat(40)}!` }),
      'unknown root fields': { extra: 1 },
      'another kind': { kind: 'Other' },
      'another version': { apiVersion: 'schema.trial.example.com/v2' },
      'no kind': { kind: undefined },
      'no apiVersion': { apiVersion: undefined },
      'no name': { 'metadata/name': undefined },
      'bad name': { 'metadata/name': 'A' },
      'bad labels': { 'metadata/labels': { 'a b': 'c' } },
      'labels of numbers': { 'metadata/labels': { a: 1 } },
      'unknown metadata': { 'metadata/unknown': 1 },
      'metadata is text': { metadata: 'x' },
      'a prototype as a key': { spec: JSON.parse('{"open":{"__proto__":{"a":1},"constructor":1}}') },
    }),
    // upstream reports these in no order
    post(
      'many faults',
      `${collectionOf(SCHEMA)}?dryRun=All`,
      instance(SCHEMA, 'x', { spec: { s: 5, e: 'c', i: 'x', list: [] } }),
      { ignore: ['/body/message'] },
    ),
  ],
};

const RULES: Definition = {
  group: 'rules',
  plural: 'rooms',
  kind: 'Room',
  spec: object(
    {
      min: integer,
      max: integer,
      fixed: {
        type: 'string',
        'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'fixed is fixed' }],
      },
      once: {
        type: 'string',
        'x-kubernetes-validations': [
          {
            rule: 'oldSelf.hasValue() || self == "first"',
            optionalOldSelf: true,
            message: 'must begin with first',
          },
        ],
      },
      name: {
        type: 'string',
        maxLength: 20,
        'x-kubernetes-validations': [
          { rule: 'self.startsWith("r-")', messageExpression: '"name " + self + " must start with r-"' },
        ],
      },
      code: {
        type: 'string',
        maxLength: 20,
        'x-kubernetes-validations': [{ rule: 'self.matches("^[0-9]{3}$")', reason: 'FieldValueForbidden' }],
      },
      tags: {
        type: 'array',
        maxItems: 10,
        'x-kubernetes-list-type': 'set',
        items: { type: 'string', maxLength: 10 },
        'x-kubernetes-validations': [{ rule: 'self.all(t, t.size() > 1)', message: 'tags are too short' }],
      },
      beds: {
        type: 'array',
        maxItems: 10,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['id'],
        items: object(
          { id: { type: 'string', maxLength: 5 }, size: integer },
          {
            required: ['id'],
            'x-kubernetes-validations': [
              {
                rule: '!has(self.size) || self.size >= (has(oldSelf.size) ? oldSelf.size : 0)',
                message: 'beds do not shrink',
              },
            ],
          },
        ),
      },
      prices: {
        type: 'object',
        maxProperties: 5,
        additionalProperties: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self > 0' }] },
      },
      memory: {
        'x-kubernetes-int-or-string': true,
        'x-kubernetes-validations': [
          {
            rule: 'type(self) == int ? self > 0 : isQuantity(self) && quantity(self).isGreaterThan(quantity("1Mi"))',
            message: 'memory is too small',
          },
        ],
      },
      url: {
        type: 'string',
        maxLength: 50,
        'x-kubernetes-validations': [{ rule: 'isURL(self) && url(self).getScheme() == "https"' }],
      },
      ip: {
        type: 'string',
        maxLength: 50,
        'x-kubernetes-validations': [{ rule: 'isIP(self) && !ip(self).isLoopback()' }],
      },
      when: {
        type: 'string',
        format: 'date-time',
        'x-kubernetes-validations': [{ rule: 'self > timestamp("2019-01-01T00:00:00Z")' }],
      },
      wait: {
        type: 'string',
        format: 'duration',
        'x-kubernetes-validations': [{ rule: 'self <= duration("1h")' }],
      },
      divide: { type: 'integer', 'x-kubernetes-validations': [{ rule: '10 / self > 1' }] },
    },
    {
      'x-kubernetes-validations': [
        {
          rule: '!has(self.min) || !has(self.max) || self.min <= self.max',
          message: 'min is above max',
          fieldPath: '.min',
          reason: 'FieldValueInvalid',
        },
        {
          rule: '!has(oldSelf.max) || has(self.max)',
          message: 'max cannot be removed',
          reason: 'FieldValueRequired',
          fieldPath: '.max',
        },
      ],
    },
  ),
};
const R = collectionOf(RULES);

export const CEL_RULES: Scenario = {
  name: 'rules',
  steps: [
    namespace('trial-rules'),
    ...define(RULES),
    post(
      'create',
      R,
      instance(RULES, 'r', {
        spec: { min: 1, max: 5, fixed: 'x', once: 'first', beds: [{ id: 'a', size: 2 }] },
      }),
      { keep: 'room', until: 201 },
    ),
    ...variants(R, instance(RULES, 'x'), {
      'min above max': { spec: { min: 5, max: 1 } },
      'not the first': { spec: { once: 'second' } },
      'name by expression': { spec: { name: 'room' } },
      'code is forbidden': { spec: { code: '12' } },
      'short tags': { spec: { tags: ['a'] } },
      'bad price': { spec: { prices: { a: -1, b: 1 } } },
      'memory as a number': { spec: { memory: 0 } },
      'memory as a quantity': { spec: { memory: '1Ki' } },
      'memory that is none': { spec: { memory: 'much' } },
      'good memory': { spec: { memory: '2Gi' } },
      'plain url': { spec: { url: 'http://a.example.com' } },
      'no url': { spec: { url: 'x' } },
      loopback: { spec: { ip: '127.0.0.1' } },
      'old time': { spec: { when: '2001-01-01T00:00:00Z' } },
      'long wait': { spec: { wait: '2h' } },
      'division by zero': { spec: { divide: 0 } },
      'schema fails first': { spec: { min: 'x', max: 1, name: 'x' } },
      'transition rules do not hold at creation': { spec: { fixed: 'new' } },
    }),
    // upstream reports these in no order
    post(
      'many broken rules',
      `${R}?dryRun=All`,
      instance(RULES, 'x', { spec: { min: 5, max: 1, name: 'x', code: 'x', tags: ['a'] } }),
      { ignore: ['/body/message'] },
    ),
    ...updates(`${R}/r`, 'room', {
      'change what is fixed': { 'spec/fixed': 'y' },
      'remove what is fixed': { 'spec/fixed': undefined },
      'change what was first': { 'spec/once': 'second' },
      'remove max': { 'spec/max': undefined },
      'shrink a bed': { 'spec/beds': [{ id: 'a', size: 1 }] },
      'another bed': { 'spec/beds': [{ id: 'b', size: 1 }] },
      'grow a bed': {
        'spec/beds': [
          { id: 'b', size: 1 },
          { id: 'a', size: 3 },
        ],
      },
    }),
    patch('patch what is fixed', 'merge', `${R}/r`, { spec: { fixed: 'z' } }),
    patch('JSON patch min', 'json', `${R}/r`, [{ op: 'replace', path: '/spec/min', value: 50 }]),
    patch(
      'apply breaks a rule',
      'apply',
      `${R}/r?fieldManager=a`,
      instance(RULES, 'r', { spec: { name: 'x' } }),
    ),
  ],
};

const WORK: Definition = {
  group: 'objects',
  plural: 'works',
  kind: 'Work',
  root: {
    spec: object({
      a: text,
      replicas: integer,
      list: { type: 'array', items: text },
      selector: text,
      d: { type: 'string', default: 'given' },
    }),
    status: object({ replicas: integer, selector: text, phase: text }),
  },
  version: {
    subresources: {
      status: {},
      scale: {
        specReplicasPath: '.spec.replicas',
        statusReplicasPath: '.status.replicas',
        labelSelectorPath: '.status.selector',
      },
    },
    additionalPrinterColumns: [
      { name: 'A', type: 'string', jsonPath: '.spec.a' },
      { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas', description: 'how many' },
      { name: 'List', type: 'string', jsonPath: '.spec.list[*]', priority: 1 },
      { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    ],
  },
  more: { names: { plural: 'works', kind: 'Work', shortNames: ['wk'], categories: ['all'] } },
};
const W = collectionOf(WORK);
const ONE = `${W}/w`;
const work = instance(WORK, 'w', { spec: { a: 'x', replicas: 1, list: ['p', 'q'] } });
const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'w' }, spec: { replicas: 3 } };

export const OBJECTS: Scenario = {
  name: 'objects',
  steps: [
    namespace('trial-objects'),
    ...define(WORK),
    post(
      'create',
      W,
      { ...work, status: { phase: 'dropped' } },
      { capture: { created: 'metadata.resourceVersion' }, until: 201 },
    ),
    post('create again', W, work),
    get('get', ONE),
    get('get as a Table', ONE, { headers: { accept: TABLE } }),
    get('list as a Table', W, { headers: { accept: TABLE } }),
    get('get as PartialObjectMetadata', ONE, { headers: { accept: PARTIAL } }),
    get('get as YAML', ONE, { headers: { accept: 'application/yaml' }, ignore: ['/body'] }),
    get('get one that is not there', `${W}/none`),
    get('a subresource that is not there', `${ONE}/logs`),
    get('another version', ONE.replace('/v1/', '/v9/')),
    get('cluster-scoped path', '/apis/objects.trial.example.com/v1/works/w'),
    put('update without a version', ONE, work),
    put('update with an old version', ONE, { ...work, metadata: { name: 'w', resourceVersion: '1' } }),
    patch(
      'merge patch',
      'merge',
      ONE,
      { spec: { a: 'y', list: ['r'] } },
      { capture: { changed: 'metadata.resourceVersion' } },
    ),
    patch('merge patch with nothing new', 'merge', ONE, { spec: { a: 'y' } }),
    patch('merge patch removes', 'merge', ONE, { spec: { list: null, d: null } }),
    patch('merge patch of a wrong type', 'merge', ONE, { spec: { replicas: 'x' } }),
    patch('merge patch of status is dropped', 'merge', ONE, { status: { phase: 'x' } }),
    patch('JSON patch', 'json', ONE, [
      { op: 'add', path: '/spec/list', value: ['s'] },
      { op: 'add', path: '/spec/list/-', value: 't' },
      { op: 'add', path: '/spec/list/0', value: 'first' },
    ]),
    patch('JSON patch tests', 'json', ONE, [{ op: 'test', path: '/spec/a', value: 'nope' }]),
    patch('JSON patch of nothing', 'json', ONE, [{ op: 'remove', path: '/spec/nope' }]),
    patch('JSON patch beyond the end', 'json', ONE, [{ op: 'add', path: '/spec/list/9', value: 'x' }]),
    patch('JSON patch of the kind', 'json', ONE, [{ op: 'replace', path: '/kind', value: 'Other' }]),
    patch('JSON patch of the name', 'json', ONE, [{ op: 'replace', path: '/metadata/name', value: 'other' }]),
    patch('JSON patch with an unknown operation', 'json', ONE, [{ op: 'frob', path: '/spec' }]),
    patch('JSON patch that is no list', 'json', ONE, {}),
    patch('strategic patch is not supported', 'strategic', ONE, { spec: { a: 'z' } }),
    { name: 'patch of an unknown type', method: 'PATCH', path: ONE, body: {}, type: 'application/odd' },
    {
      name: 'patch that is not JSON',
      method: 'PATCH',
      path: ONE,
      raw: '{',
      type: 'application/merge-patch+json',
    },
    patch('merge patch that is a list', 'merge', ONE, []),
    patch('dry-run patch', 'merge', `${ONE}?dryRun=All`, { spec: { a: 'dry' } }),
    get('get after a dry run', ONE, { keep: 'now' }),
    put('put status without a version', `${ONE}/status`, { ...work, status: { phase: 'Good' } }),
    get('get status', `${ONE}/status`),
    {
      name: 'put status',
      method: 'PUT',
      path: `${ONE}/status`,
      change: { object: 'now', changes: { status: { phase: 'Good', replicas: 1, selector: 'a=b' } } },
      keep: 'good',
    },
    {
      name: 'status leaves spec and labels',
      method: 'PUT',
      path: `${ONE}/status`,
      change: {
        object: 'good',
        changes: { 'metadata/labels': { a: 'b' }, 'spec/a': 'other', 'status/phase': 'Better' },
      },
    },
    patch('patch status', 'merge', `${ONE}/status`, { status: { phase: 'Best' } }),
    patch('patch status of a wrong type', 'merge', `${ONE}/status`, { status: { phase: 5 } }),
    patch('patch status with unknown fields', 'merge', `${ONE}/status`, { status: { odd: 1 } }),
    get('get scale', `${ONE}/scale`),
    put('put scale', `${ONE}/scale`, scale),
    patch('patch scale', 'merge', `${ONE}/scale`, { spec: { replicas: 5 } }),
    patch('JSON patch of scale', 'json', `${ONE}/scale`, [
      { op: 'replace', path: '/spec/replicas', value: 6 },
    ]),
    put('negative scale', `${ONE}/scale`, { ...scale, spec: { replicas: -1 } }),
    put('scale of an old version', `${ONE}/scale`, {
      ...scale,
      metadata: { name: 'w', resourceVersion: '1' },
    }),
    put('scale of one that is not there', `${W}/none/scale`, { ...scale, metadata: { name: 'none' } }),
    put('scale of another kind', `${ONE}/scale`, work),
    post('create without replicas', W, instance(WORK, 'none', { spec: {} })),
    get('get scale without replicas', `${W}/none/scale`),
    patch('patch scale without replicas', 'merge', `${W}/none/scale`, { spec: { replicas: 2 } }),
    get('get after scaling counts generations', ONE),
    get('resources', '/apis/objects.trial.example.com/v1', {
      ignore: ['/body/resources/*/storageVersionHash'],
    }),
    post('create with generateName', W, { ...work, metadata: { generateName: 'gen-' } }),
    post('dry-run create', `${W}?dryRun=All`, instance(WORK, 'dry')),
    get('the dry run stored nothing', `${W}/dry`),
    post('create with a finalizer', W, {
      ...work,
      metadata: { name: 'held', finalizers: ['example.com/hold'] },
    }),
    remove('delete waits', `${W}/held`),
    patch('change while deleting', 'merge', `${W}/held`, { spec: { a: 'still' } }),
    patch('no new finalizers while deleting', 'merge', `${W}/held`, {
      metadata: { finalizers: ['example.com/hold', 'example.com/new'] },
    }),
    patch('free', 'json', `${W}/held`, [{ op: 'remove', path: '/metadata/finalizers' }]),
    get('held is gone', `${W}/held`),
    remove('delete with a wrong uid', ONE, { preconditions: { uid: 'x' } }),
    remove('delete with an old version', ONE, { preconditions: { resourceVersion: '1' } }),
    remove('delete with an unknown policy', `${ONE}?propagationPolicy=Odd`),
    remove('foreground delete waits', `${ONE}?propagationPolicy=Foreground`, undefined, {
      pick: ['metadata/finalizers', 'metadata/name', 'kind'],
    }),
  ],
};

const STRICT: Definition = {
  group: 'strict',
  plural: 'rulers',
  kind: 'Ruler',
  spec: object({ a: text, o: object({ b: text }), list: { type: 'array', items: object({ c: text }) } }),
};
const S = collectionOf(STRICT);
const raw = (name: string, mode: string, body: string, type = 'application/json') =>
  ({
    name,
    method: 'POST',
    path: `${S}?dryRun=All${mode && `&fieldValidation=${mode}`}`,
    raw: body,
    type,
  }) as const;
const HEAD = '"apiVersion":"strict.trial.example.com/v1","kind":"Ruler","metadata":{"name":"n"}';
const UNKNOWN = `{${HEAD},"spec":{"a":"x","u":1,"o":{"v":2},"list":[{"w":3}]}}`;
const TWICE = `{${HEAD},"spec":{"a":"x","a":"y","o":{"b":"1","b":"2"}}}`;
const yaml = (name: string, more = '') =>
  `apiVersion: strict.trial.example.com/v1\nkind: Ruler\nmetadata:\n  name: ${name}\nspec:\n  a: x\n${more}`;

export const STRICT_FIELDS: Scenario = {
  name: 'strict-fields',
  steps: [
    namespace('trial-strict'),
    ...define(STRICT),
    post('create', S, instance(STRICT, 'r', { spec: { a: 'x' } }), { until: 201, keep: 'ruler' }),
    raw('unknown by default', '', UNKNOWN),
    raw('unknown and Strict', 'Strict', UNKNOWN),
    raw('unknown and Warn', 'Warn', UNKNOWN),
    raw('unknown and Ignore', 'Ignore', UNKNOWN),
    raw('unknown mode', 'Odd', UNKNOWN),
    raw('twice by default', '', TWICE),
    raw('twice and Strict', 'Strict', TWICE),
    raw('twice and Ignore', 'Ignore', TWICE),
    raw(
      'unknown metadata and Strict',
      'Strict',
      `{"apiVersion":"strict.trial.example.com/v1","kind":"Ruler","metadata":{"name":"n","odd":1,"labels":{"a":"b"}},"odd":2}`,
    ),
    raw('YAML', 'Strict', yaml('n'), 'application/yaml'),
    raw('YAML has the booleans of 1.1', 'Ignore', yaml('n', '  a: y\n'), 'application/yaml'),
    raw('YAML twice and Strict', 'Strict', yaml('n', '  a: z\n'), 'application/yaml'),
    raw('YAML unknown and Warn', 'Warn', yaml('n', '  u: z\n'), 'application/yaml'),
    raw('YAML that is broken', '', 'a: [', 'application/yaml'),
    raw('not JSON', '', '{'),
    raw('a list', '', '[]'),
    raw('empty', '', ''),
    raw('null', '', 'null'),
    raw('an object of a wrong type', '', `{${HEAD},"spec":{"o":"text"}}`),
    raw('a list of a wrong type', '', `{${HEAD},"spec":{"list":{"c":1}}}`),
    raw('form data', '', 'a=b', 'application/x-www-form-urlencoded'),
    ...['Strict', 'Warn'].map((mode) => ({
      name: `update unknown and ${mode}`,
      method: 'PUT' as const,
      path: `${S}/r?fieldValidation=${mode}`,
      change: { object: 'ruler', changes: { 'spec/u': 1 } },
    })),
    patch('merge patch unknown and Strict', 'merge', `${S}/r?fieldValidation=Strict`, { spec: { u: 1 } }),
    patch('merge patch unknown and Warn', 'merge', `${S}/r?fieldValidation=Warn`, { spec: { u: 1 } }),
    patch('JSON patch unknown and Strict', 'json', `${S}/r?fieldValidation=Strict`, [
      { op: 'add', path: '/spec/u', value: 1 },
    ]),
    patch('JSON patch unknown members and Strict', 'json', `${S}/r?fieldValidation=Strict`, [
      { op: 'add', path: '/spec/a', value: 'x', odd: 1 },
    ]),
    patch(
      'apply unknown and Strict',
      'apply',
      `${S}/r?fieldManager=m&fieldValidation=Strict`,
      instance(STRICT, 'r', { spec: { u: 1 } }),
    ),
    patch(
      'apply unknown and Warn',
      'apply',
      `${S}/r?fieldManager=m&fieldValidation=Warn`,
      instance(STRICT, 'r', { spec: { u: 1 } }),
    ),
    {
      name: 'apply twice and Strict',
      method: 'PATCH',
      path: `${S}/r?fieldManager=m&fieldValidation=Strict`,
      raw: yaml('r', '  a: z\n'),
      type: 'application/apply-patch+yaml',
    },
  ],
};
