import { expect, it } from 'vitest';
import { StatusError } from '../meta/status.ts';
import { decodeBody, type ExpectedKind, type FieldValidation } from './decode-body.ts';
import { schemaOf } from './schema-of.ts';

const expected = (group: string, version: string, kind: string, model: string): ExpectedKind => ({
  group,
  version,
  kind,
  schema: schemaOf(model),
});
const pod = expected('', 'v1', 'Pod', 'io.k8s.api.core.v1.Pod');
const configMap = expected('', 'v1', 'ConfigMap', 'io.k8s.api.core.v1.ConfigMap');
const secret = expected('', 'v1', 'Secret', 'io.k8s.api.core.v1.Secret');
const deployment = expected('apps', 'v1', 'Deployment', 'io.k8s.api.apps.v1.Deployment');
const lease = expected('coordination.k8s.io', 'v1', 'Lease', 'io.k8s.api.coordination.v1.Lease');

const read = (kind: ExpectedKind, body: unknown, validation: FieldValidation = 'Warn') =>
  decodeBody(typeof body === 'string' ? body : JSON.stringify(body), undefined, kind, validation);

function refusal(kind: ExpectedKind, body: unknown, validation: FieldValidation = 'Warn'): string {
  try {
    read(kind, body, validation);
  } catch (error) {
    if (error instanceof StatusError && error.code === 400) return error.message;
    throw error;
  }
  throw new Error('the body was accepted');
}

it('writes absent fields as Go would and drops empty ones', () => {
  const { object } = read(pod, {
    metadata: { name: 'a', labels: {}, creationTimestamp: null },
    spec: { containers: [{ name: 'c', image: '', ports: [], resources: { limits: { cpu: 0.5 } } }] },
  });
  expect(object).toEqual({
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: 'a' },
    spec: { containers: [{ name: 'c', resources: { limits: { cpu: '500m' } } }] },
    status: {},
  });
});

it('writes a list that is not omitted as null, and a time too', () => {
  expect(read(pod, { status: { conditions: [{ type: 'Ready', status: 'True' }] } }).object).toMatchObject({
    spec: { containers: null },
    status: {
      conditions: [{ type: 'Ready', status: 'True', lastProbeTime: null, lastTransitionTime: null }],
    },
  });
});

it('keeps pointers to zero values', () => {
  const { object } = read(deployment, {
    spec: { replicas: 0, template: { spec: { volumes: [{ name: 'v', emptyDir: {} }] } } },
  });
  expect(object.spec.replicas).toBe(0);
  expect(object.spec.template.spec.volumes).toEqual([{ name: 'v', emptyDir: {} }]);
  expect(object.spec.selector).toBeNull();
});

it('takes null in a map as the zero value', () => {
  expect(read(configMap, '{"data":{"a":null,"__proto__":"x"}}').object.data).toEqual(
    JSON.parse('{"a":"","__proto__":"x"}'),
  );
  expect(read(secret, { data: { a: null, b: 'QR==' } }).object.data).toEqual({ a: '', b: 'QQ==' });
});

it('normalizes times to UTC', () => {
  expect(
    read(lease, { spec: { acquireTime: '2026-01-01T02:00:00.123456+02:00' } }).object.spec.acquireTime,
  ).toBe('2026-01-01T00:00:00.123456Z');
  expect(
    read(pod, { metadata: { deletionTimestamp: '2026-01-01T00:00:00.9-01:00' } }).object.metadata
      .deletionTimestamp,
  ).toBe('2026-01-01T01:00:00Z');
});

it.each([
  [
    deployment,
    { spec: { replicas: 'many' } },
    'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
  ],
  [
    deployment,
    { spec: { replicas: 1.5 } },
    'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32',
  ],
  [
    deployment,
    { spec: { template: { spec: { containers: {} } } } },
    'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container',
  ],
  [
    pod,
    { spec: { containers: [{ ports: [{ containerPort: '80' }] }] } },
    'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
  ],
  [
    pod,
    { spec: { containers: [{ resources: { limits: { cpu: '1x' } } }] } },
    `Pod in version "v1" cannot be handled as a Pod: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
  ],
  [
    pod,
    { metadata: { labels: { a: 1 } } },
    'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
  ],
  [
    pod,
    { metadata: { creationTimestamp: 'yesterday' } },
    'Pod in version "v1" cannot be handled as a Pod: parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
  ],
  [
    secret,
    { data: { a: 'not base64!' } },
    'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 3',
  ],
  [
    configMap,
    '{"kind": ConfigMap}',
    `the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: invalid character 'C' looking for beginning of value ({"kind": ConfigMap})`,
  ],
  [
    configMap,
    '',
    "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)",
  ],
  [
    configMap,
    '[]',
    'the object provided is unrecognized (must be of type ConfigMap): couldn\'t get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (5b5d)',
  ],
  [
    configMap,
    { kind: 'Foo', apiVersion: 'v1' },
    'Foo in version "v1" cannot be handled as a ConfigMap: no kind "Foo" is registered for version "v1" in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"',
  ],
  [
    configMap,
    { kind: 'Secret', apiVersion: 'v1' },
    'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion',
  ],
  [configMap, '['.repeat(100_000), /exceeded max depth/],
])('refuses a bad %o body with the text of upstream', (kind, body, message) => {
  if (message instanceof RegExp) expect(refusal(kind, body)).toMatch(message);
  else expect(refusal(kind, body)).toBe(message);
});

const BODY =
  '{"metadata":{"name":"a","name":"b"},"spec":{"foo":{"x":1,"x":2},"containers":[{"nam":"c"},{"name":"d","name":"e"}]},"data":1}';
const FOUND = [
  'duplicate field "metadata.name"',
  'unknown field "spec.foo"',
  'unknown field "spec.containers[0].nam"',
  'duplicate field "spec.containers[1].name"',
  'unknown field "data"',
];

it('warns of unknown and duplicate fields in the order of the text', () => {
  const { object, warnings } = read(pod, BODY);
  expect(warnings).toEqual(FOUND);
  expect(object.metadata.name).toBe('b');
});

it('refuses them when validation is strict, and is silent when it is off', () => {
  expect(refusal(pod, BODY, 'Strict')).toBe(
    `Pod in version "v1" cannot be handled as a Pod: strict decoding error: ${FOUND.join(', ')}`,
  );
  expect(read(pod, BODY, 'Ignore').warnings).toEqual([]);
});

it('refuses an integer that it could not keep exactly, but not one in a text or with a fraction', () => {
  expect(refusal(pod, '{"spec":{"activeDeadlineSeconds":9007199254740993}}')).toContain(
    'integers beyond 2^53 are not supported in fields of built-in kinds: 9007199254740993',
  );
  const odd = '{"metadata":{"annotations":{"a":"9007199254740993"}},"x":-0,"y":1.00000000000000000001}';
  expect(read(pod, odd).object.metadata.annotations).toEqual({ a: '9007199254740993' });
});

it('finds a duplicate key of a map', () => {
  expect(read(configMap, '{"data":{"a":"1","b":"x\\"}:","a":"2"}}').warnings).toEqual([
    'duplicate field "data.a"',
  ]);
});

it('reads YAML with the types of YAML 1.1 but texts for dates', () => {
  const yaml =
    'kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\nimmutable: yes\ndata:\n  d: 2026-01-01\n  t: "on"\n';
  const { object } = decodeBody(yaml, 'application/yaml', configMap, 'Strict');
  expect(object).toMatchObject({ immutable: true, data: { d: '2026-01-01', t: 'on' } });
});

it.each([
  ['metadata: [\n', 'yaml: line 1: did not find expected node content'],
  ['a: b: c', 'yaml: mapping values are not allowed in this context'],
  ['a:\n\t- b', 'yaml: line 2: found character that cannot start any token'],
])('refuses the YAML %o in the words of upstream', (yaml, message) => {
  expect(() => decodeBody(yaml, 'application/yaml', configMap, 'Warn')).toThrow(
    `the object provided is unrecognized (must be of type ConfigMap): ${message} (${Buffer.from(yaml).toString('hex')})`,
  );
});

it('names the keys that a YAML map has twice, and keeps the last', () => {
  const yaml = 'data:\n  a: "1"\n  "a": "2"\n';
  const { object, warnings } = decodeBody(yaml, 'application/yaml', configMap, 'Warn');
  expect(object.data).toEqual({ a: '2' });
  expect(warnings).toEqual(['yaml: unmarshal errors:\n  line 3: key "a" already set in map']);
});

it('limits the aliases and the depth of YAML', () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghi'].map((c, i) => `${c}: &${c} [${`*${'abcdefgh'[i]},`.repeat(9)}]`).join('\n')}\n`;
  expect(() => decodeBody(bomb, 'application/yaml', configMap, 'Warn')).toThrow(/alias/i);
  expect(() => decodeBody('['.repeat(50_000), 'application/yaml', configMap, 'Warn')).toThrow(/depth/);
});

it('answers 415 to protobuf', () => {
  expect(() => decodeBody('', 'application/vnd.kubernetes.protobuf', configMap, 'Warn')).toThrow(
    expect.objectContaining({ code: 415 }),
  );
});
