/** What a CustomResourceDefinition may say: names, versions, structural schemas, defaults, CEL rules and their cost. */
import { get, IN_TABLES, patch, post, put, remove, TABLE, variants } from '../build.ts';
import type { Changes, Scenario } from '../step.ts';
import { CRDS, definition, object } from './define.ts';

const PLAIN = definition({
  group: 'defs',
  plural: 'things',
  kind: 'Thing',
  spec: object({ a: { type: 'string' } }),
});
const V = 'spec/versions/0';
const ROOT = `${V}/schema/openAPIV3Schema`;

/** The schema of spec replaced. */
const spec = (schema: object): Changes => ({ [`${ROOT}/properties/spec`]: schema });
const field = (schema: object): Changes => spec(object({ f: schema }));
const rule = (text: string, more: object = {}): Changes =>
  spec(
    object(
      {
        n: { type: 'integer' },
        s: { type: 'string', maxLength: 50 },
        l: { type: 'array', maxItems: 5, items: { type: 'string', maxLength: 10 } },
      },
      { 'x-kubernetes-validations': [{ rule: text, ...more }] },
    ),
  );

export const DEFINITION_NAMES: Scenario = {
  name: 'definitions',
  steps: variants(CRDS, PLAIN, {
    defaults: {},
    'name that does not match': { 'metadata/name': 'other.defs.trial.example.com' },
    'group that is no domain': { 'spec/group': 'single', 'metadata/name': 'things.single' },
    'no group': { 'spec/group': '' },
    'protected group': { 'spec/group': 'x.k8s.io', 'metadata/name': 'things.x.k8s.io' },
    'protected group with approval': {
      'spec/group': 'x.k8s.io',
      'metadata/name': 'things.x.k8s.io',
      'metadata/annotations': { 'api-approved.kubernetes.io': 'unapproved, testing' },
    },
    'no scope': { 'spec/scope': undefined },
    'unknown scope': { 'spec/scope': 'Odd' },
    'no kind': { 'spec/names/kind': undefined },
    'bad names': {
      'spec/names': {
        plural: 'things',
        kind: 'a b',
        singular: 'A',
        shortNames: ['B_'],
        categories: ['C_'],
        listKind: 'd e',
      },
    },
    'kind and list kind the same': { 'spec/names/listKind': 'Thing' },
    'all names': {
      'spec/names': {
        plural: 'things',
        singular: 'thing',
        kind: 'Thing',
        listKind: 'Things',
        shortNames: ['th'],
        categories: ['all', 'own'],
      },
    },
    'no versions': { 'spec/versions': [] },
    'versions of one name': {
      'spec/versions': [PLAIN.spec.versions[0], { ...PLAIN.spec.versions[0], storage: false }],
    },
    'two storage versions': {
      'spec/versions': [PLAIN.spec.versions[0], { ...PLAIN.spec.versions[0], name: 'v2' }],
    },
    'no storage version': { [`${V}/storage`]: false },
    'nothing served': { [`${V}/served`]: false },
    'bad version name': { [`${V}/name`]: 'V_1' },
    'deprecated version': { [`${V}/deprecated`]: true, [`${V}/deprecationWarning`]: 'go away' },
    'warning without deprecation': { [`${V}/deprecationWarning`]: 'go away' },
    'no schema': { [`${V}/schema`]: undefined },
    'empty schema': { [ROOT]: {} },
    'root that is no object': { [ROOT]: { type: 'string' } },
    'preserve unknown fields of old': { 'spec/preserveUnknownFields': true },
    'conversion by nothing': { 'spec/conversion': { strategy: 'None' } },
    'unknown conversion': { 'spec/conversion': { strategy: 'Odd' } },
    'conversion by webhook without one': { 'spec/conversion': { strategy: 'Webhook' } },
    'conversion by webhook': {
      'spec/conversion': {
        strategy: 'Webhook',
        webhook: { conversionReviewVersions: ['v1'], clientConfig: { url: 'https://a.example.com/x' } },
      },
    },
    'conversion by plain http': {
      'spec/conversion': {
        strategy: 'Webhook',
        webhook: { conversionReviewVersions: ['v9'], clientConfig: { url: 'http://a.example.com/x' } },
      },
    },
    'printer columns': {
      [`${V}/additionalPrinterColumns`]: [
        { name: 'A', type: 'string', jsonPath: '.spec.a', priority: 1, description: 'd', format: 'date' },
      ],
    },
    'bad printer columns': {
      [`${V}/additionalPrinterColumns`]: [
        { type: 'odd', jsonPath: 'spec.a[' },
        { name: 'x', type: 'string', format: 'odd' },
      ],
    },
    scale: {
      [`${V}/subresources`]: {
        scale: {
          specReplicasPath: '.spec.n',
          statusReplicasPath: '.status.n',
          labelSelectorPath: '.status.s',
        },
        status: {},
      },
    },
    'bad scale paths': {
      [`${V}/subresources`]: {
        scale: { specReplicasPath: '.status.n', statusReplicasPath: '.spec.n', labelSelectorPath: 'x' },
      },
    },
    'no scale paths': { [`${V}/subresources`]: { scale: {} } },
    'selectable fields': { [`${V}/selectableFields`]: [{ jsonPath: '.spec.a' }] },
    'bad selectable fields': {
      [`${V}/selectableFields`]: [
        { jsonPath: '.spec.none' },
        { jsonPath: '.metadata.name' },
        { jsonPath: '.spec' },
        { jsonPath: 'x[' },
      ],
    },
    'selectable fields twice': {
      [`${V}/selectableFields`]: [{ jsonPath: '.spec.a' }, { jsonPath: '.spec.a' }],
    },
    'status at creation is dropped': { status: { conditions: [{ type: 'Established', status: 'True' }] } },
    'unknown fields are dropped': { 'spec/odd': 1 },
  }),
};

export const DEFINITION_SCHEMAS: Scenario = {
  name: 'definition-schemas',
  steps: variants(CRDS, PLAIN, {
    'no type': field({}),
    'unknown type': field({ type: 'text' }),
    'array without items': field({ type: 'array' }),
    'list of items': field({ type: 'array', items: [{ type: 'string' }] }),
    'properties and additional properties': field({
      type: 'object',
      properties: { a: { type: 'string' } },
      additionalProperties: { type: 'string' },
    }),
    'additional properties false': field({ type: 'object', additionalProperties: false }),
    'additional properties true': field({ type: 'object', additionalProperties: true }),
    'unique items': field({ type: 'array', uniqueItems: true, items: { type: 'string' } }),
    reference: field({ $ref: '#/definitions/x' }),
    'unknown format': field({ type: 'string', format: 'odd' }),
    'bad pattern': field({ type: 'string', pattern: '[' }),
    'look-ahead pattern': field({ type: 'string', pattern: '^(?=a)b' }),
    'enum twice': field({ type: 'string', enum: ['a', 'a'] }),
    'minimum above maximum': field({ type: 'integer', minimum: 5, maximum: 1 }),
    'type in anyOf': field({ type: 'string', anyOf: [{ type: 'string' }] }),
    'description in allOf': field({ type: 'string', allOf: [{ description: 'x', minLength: 1 }] }),
    'default in not': field({ type: 'string', not: { default: 'x' } }),
    'field only in anyOf': spec(object({}, { anyOf: [{ properties: { a: { minLength: 1 } } }] })),
    'int or string': field({ 'x-kubernetes-int-or-string': true }),
    'int or string with anyOf': field({
      'x-kubernetes-int-or-string': true,
      anyOf: [{ type: 'integer' }, { type: 'string' }],
    }),
    'int or string with a type': field({ type: 'string', 'x-kubernetes-int-or-string': true }),
    'preserve unknown': field({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true }),
    'preserve unknown without a type': field({ 'x-kubernetes-preserve-unknown-fields': true }),
    'preserve unknown false': field({ type: 'object', 'x-kubernetes-preserve-unknown-fields': false }),
    'embedded resource': field({
      type: 'object',
      'x-kubernetes-embedded-resource': true,
      'x-kubernetes-preserve-unknown-fields': true,
    }),
    'embedded resource without properties': field({ type: 'object', 'x-kubernetes-embedded-resource': true }),
    'embedded resource that is text': field({ type: 'string', 'x-kubernetes-embedded-resource': true }),
    'list of type map': field({
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: object({ name: { type: 'string' } }, { required: ['name'] }),
    }),
    'list of type map without keys': field({
      type: 'array',
      'x-kubernetes-list-type': 'map',
      items: object({ name: { type: 'string' } }),
    }),
    'list of type map with an optional key': field({
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: object({ name: { type: 'string' } }),
    }),
    'list of type map with an unknown key': field({
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['id', 'id'],
      items: object({ name: { type: 'string' } }),
    }),
    'set of objects': field({
      type: 'array',
      'x-kubernetes-list-type': 'set',
      items: object({ a: { type: 'string' } }),
    }),
    'set of nullable': field({
      type: 'array',
      'x-kubernetes-list-type': 'set',
      items: { type: 'string', nullable: true },
    }),
    'unknown list type': field({ type: 'array', 'x-kubernetes-list-type': 'odd', items: { type: 'string' } }),
    'list type of an object': field({ type: 'object', 'x-kubernetes-list-type': 'atomic' }),
    'map type': field({
      type: 'object',
      'x-kubernetes-map-type': 'atomic',
      additionalProperties: { type: 'string' },
    }),
    'unknown map type': field({ type: 'object', 'x-kubernetes-map-type': 'odd' }),
    default: field({ type: 'string', default: 'x' }),
    'default of a wrong type': field({ type: 'string', default: 5 }),
    'default that is invalid': field({ type: 'string', maxLength: 1, default: 'long' }),
    'default that would be pruned': field(object({ a: { type: 'string' } }, { default: { b: 1 } })),
    'default of null': field({ type: 'string', default: null }),
    'default of nullable null': field({ type: 'string', nullable: true, default: null }),
    'default inside a default': field(object({ a: { type: 'string', default: 'x' } }, { default: {} })),
    'metadata with restrictions': {
      [`${ROOT}/properties/metadata`]: object({ name: { type: 'string', pattern: '^a' } }),
    },
    'metadata with more restrictions': {
      [`${ROOT}/properties/metadata`]: object({ labels: { type: 'object' } }),
    },
    'metadata default': {
      [`${ROOT}/properties/metadata`]: object({ name: { type: 'string', default: 'x' } }),
    },
    'apiVersion that is no text': { [`${ROOT}/properties/apiVersion`]: { type: 'integer' } },
    'unknown member of a schema': field({ type: 'string', odd: true }),
    'exclusive minimum of today': field({ type: 'integer', exclusiveMinimum: 5 }),
    'required that is unknown': spec(object({}, { required: ['nope'] })),
    discriminator: field({ type: 'object', discriminator: {} }),
  }),
};

export const DEFINITION_RULES: Scenario = {
  name: 'definition-rules',
  steps: variants(CRDS, PLAIN, {
    'good rule': rule('self.n > 1', { message: 'n is too small' }),
    'empty rule': rule(''),
    'rule that does not parse': rule('self.n >'),
    'rule of the wrong type': rule('self.n + 1'),
    'rule on an unknown field': rule('self.nope == 1'),
    'rule that compares types': rule('self.n == "x"'),
    'rule with an unknown function': rule('frob(self.n)'),
    'rule with an unknown name': rule('other.n == 1'),
    'message of two lines': rule('true', { message: 'a\nb' }),
    'message that is blank': rule('true', { message: ' ' }),
    'message too long': rule('true', { message: 'x'.repeat(2049) }),
    'message expression': rule('self.n > 1', { messageExpression: '"n is " + string(self.n)' }),
    'message expression of a number': rule('self.n > 1', { messageExpression: 'self.n' }),
    'message expression that does not parse': rule('self.n > 1', { messageExpression: '"a' }),
    'blank message expression': rule('self.n > 1', { messageExpression: ' ' }),
    'rule of many lines without a message': rule('self.n > 1\n && true'),
    reason: rule('self.n > 1', { reason: 'FieldValueForbidden' }),
    'unknown reason': rule('self.n > 1', { reason: 'Odd' }),
    'field path': rule('self.n > 1', { fieldPath: '.n' }),
    'field path to nothing': rule('self.n > 1', { fieldPath: '.nope' }),
    'field path that is bad': rule('self.n > 1', { fieldPath: 'n' }),
    'field path with an index': rule('self.n > 1', { fieldPath: '.l[0]' }),
    'transition rule': rule('self.n >= oldSelf.n'),
    'transition rule with an optional old self': rule('oldSelf.orValue(self).n <= self.n', {
      optionalOldSelf: true,
    }),
    'optional old self without a transition': rule('self.n > 1', { optionalOldSelf: true }),
    'transition rule in an atomic list': field({
      type: 'array',
      maxItems: 3,
      items: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] },
    }),
    'transition rule in a set': field({
      type: 'array',
      'x-kubernetes-list-type': 'set',
      maxItems: 3,
      items: { type: 'string', maxLength: 9, 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] },
    }),
    'rule twice': spec(
      object(
        { n: { type: 'integer' } },
        { 'x-kubernetes-validations': [{ rule: 'true' }, { rule: 'true' }] },
      ),
    ),
    'rule on a list without a bound': field({
      type: 'array',
      items: { type: 'string' },
      'x-kubernetes-validations': [{ rule: 'self.all(x, self.all(y, x == y))' }],
    }),
    'rule on strings without a bound': field({
      type: 'array',
      items: object({
        s: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self.matches("^(a+)+$")' }] },
      }),
    }),
    'rules whose sum costs too much': spec(
      object(
        Object.fromEntries(
          Array.from({ length: 20 }, (_, i) => [
            `l${i}`,
            {
              type: 'array',
              maxItems: 3000,
              items: {
                type: 'string',
                maxLength: 20,
                'x-kubernetes-validations': [{ rule: 'self.contains("x") && self.contains("yy")' }],
              },
            },
          ]),
        ),
      ),
    ),
    'rule in additional properties': field({
      type: 'object',
      maxProperties: 5,
      additionalProperties: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self > 0' }] },
    }),
    'rule on the root': {
      [`${ROOT}/x-kubernetes-validations`]: [{ rule: 'self.metadata.name.startsWith("a")' }],
    },
    'rule on metadata labels': {
      [`${ROOT}/x-kubernetes-validations`]: [{ rule: 'self.metadata.labels.size() == 0' }],
    },
    'rule with a bad pattern': rule('self.s.matches("[")'),
    'rule with functions of Kubernetes': rule(
      'self.s.find("a") != "" && isURL(self.s) && quantity("1Gi").isGreaterThan(quantity("1Mi")) && self.l.isSorted()',
    ),
    'rule with ip and cidr': rule('isIP(self.s) && cidr("10.0.0.0/8").containsIP(self.s)'),
    'rule with format': rule('!format.dns1123Label().validate(self.s).hasValue()'),
    'rule with semver': rule('isSemver(self.s) && semver(self.s).isLessThan(semver("2.0.0"))'),
    'rule with optional fields': rule('self.?n.orValue(3) > 2'),
    'rule with sets and two-variable macros': rule(
      'sets.contains(self.l, ["a"]) && self.l.all(i, v, v != "x")',
    ),
    'rule with math and string extensions': rule(
      'math.greatest(self.n, 3) == 3 && self.s.lowerAscii() == self.s && self.l.join(",") != ""',
    ),
    'rule with base64 and now': rule('now() > timestamp("2020-01-01T00:00:00Z")'),
    'escaped names': spec(
      object(
        { namespace: { type: 'string' }, 'a-b': { type: 'string' }, if: { type: 'string' } },
        {
          'x-kubernetes-validations': [
            { rule: 'self.__namespace__ == self.a__dash__b && self.__if__ == ""' },
          ],
        },
      ),
    ),
    'field that cannot be reached': spec(
      object({ 'a b': { type: 'string' } }, { 'x-kubernetes-validations': [{ rule: 'self["a b"] == ""' }] }),
    ),
    'rule on int-or-string': spec(
      object(
        { p: { 'x-kubernetes-int-or-string': true } },
        {
          'x-kubernetes-validations': [
            { rule: 'type(self.p) == string ? self.p.endsWith("%") : self.p > 0' },
          ],
        },
      ),
    ),
    'rule on preserved fields': spec({
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
      'x-kubernetes-validations': [{ rule: 'self.a == 1' }],
    }),
    'rule in anyOf': field({ type: 'string', anyOf: [{ 'x-kubernetes-validations': [{ rule: 'true' }] }] }),
    'default that breaks a rule': field({
      type: 'integer',
      default: 1,
      'x-kubernetes-validations': [{ rule: 'self > 1' }],
    }),
  }),
};

const life = definition({
  group: 'life',
  plural: 'boats',
  kind: 'Boat',
  spec: object({ a: { type: 'string' } }),
});
const LIFE = `${CRDS}/boats.life.trial.example.com`;
const ONE = '/apis/life.trial.example.com/v1/namespaces/trial-life/boats';
const named = (names: object) => ({
  ...life,
  metadata: { name: `${(names as { plural: string }).plural}.life.trial.example.com` },
  spec: { ...life.spec, names },
});
// conditions come one by one
const LATER = { ignore: ['/body/status/**', '/body/metadata/managedFields/**', '/body/metadata/generation'] };

export const DEFINITION_LIFE: Scenario = {
  name: 'definition-life',
  steps: [
    {
      name: 'namespace',
      method: 'POST',
      path: '/api/v1/namespaces',
      body: { metadata: { name: 'trial-life' } },
      prepare: true,
      oursOnly: true,
    },
    get('the group is not there', '/apis/life.trial.example.com/v1'),
    get('the kind is not there', ONE),
    post('create', CRDS, life, LATER),
    get('served', ONE, { until: 200 }),
    get('group', '/apis/life.trial.example.com', { until: 200 }),
    get('resources', '/apis/life.trial.example.com/v1', {
      until: 200,
      ignore: ['/body/resources/*/storageVersionHash'],
    }),
    get('the definition with its conditions', LIFE, { ignore: ['/body/metadata/managedFields/**'] }),
    get('the definition as a Table', LIFE, {
      headers: { accept: TABLE },
      ignore: [...IN_TABLES, '/body/rows/0/cells/1', '/body/rows/0/object/metadata/managedFields/**'],
    }),
    post('create again', CRDS, life),
    post('another of the same kind', CRDS, named({ plural: 'ships', kind: 'Boat' }), LATER),
    get('its names are in conflict', `${CRDS}/ships.life.trial.example.com`, {
      ignore: [
        '/body/metadata/managedFields/**',
        '/body/status/conditions/*/lastTransitionTime',
        '/body/metadata/managedFields',
      ],
      pick: ['spec/names', 'metadata/name'],
    }),
    get('it is not served', '/apis/life.trial.example.com/v1/namespaces/trial-life/ships'),
    remove('delete the other', `${CRDS}/ships.life.trial.example.com`, undefined, LATER),
    patch('the scope cannot change', 'merge', LIFE, { spec: { scope: 'Cluster' } }),
    patch('the group cannot change', 'merge', LIFE, { spec: { group: 'other.example.com' } }),
    patch('the kind cannot change', 'merge', LIFE, { spec: { names: { kind: 'Ship' } } }),
    patch('a version cannot go while it is stored', 'json', LIFE, [
      { op: 'replace', path: '/spec/versions/0/name', value: 'v2' },
    ]),
    patch('short names are added', 'merge', LIFE, { spec: { names: { shortNames: ['bt'] } } }, LATER),
    post(
      'object',
      ONE,
      {
        apiVersion: 'life.trial.example.com/v1',
        kind: 'Boat',
        metadata: { name: 'b' },
        spec: { a: 'x', b: 'pruned' },
      },
      { until: 201 },
    ),
    patch(
      'a column and a field are added',
      'json',
      LIFE,
      [
        {
          op: 'add',
          path: '/spec/versions/0/additionalPrinterColumns',
          value: [{ name: 'A', type: 'string', jsonPath: '.spec.a' }],
        },
        {
          op: 'add',
          path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/b',
          value: { type: 'string', default: 'new' },
        },
      ],
      LATER,
    ),
    put(
      'status by its own path',
      `${LIFE}/status`,
      { ...life, status: { storedVersions: [] } },
      { ignore: ['/body/message'] },
    ),
    remove('delete', LIFE, undefined, LATER),
    get('the definition is gone', LIFE, { until: 404 }),
    get('the kind is gone', ONE, { until: 404 }),
    remove('delete again', LIFE),
  ],
};
