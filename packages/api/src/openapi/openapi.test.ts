import { expect, it } from 'vitest';
import { kinds } from '../kinds/kinds.ts';
import type { OpenApiDefinition, Part } from './document.ts';
import { OpenApiV2Memory, openApiV2, openApiV3, openApiV3Fingerprint } from './openapi.ts';
import { openApiFormat, openApiV2Protobuf, openApiV3Protobuf } from './openapi-protobuf.ts';

const cronTab: OpenApiDefinition = {
  custom: true,
  group: 'stable.example.com',
  version: 'v1',
  kind: 'CronTab',
  resource: 'crontabs',
  singular: 'crontab',
  namespaced: true,
  rules: { status: {} },
  schema: { type: 'struct', fields: new Map() },
  openApiSchema: {
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        required: ['cron', 'maybe'],
        properties: {
          cron: { type: 'string', default: '* * * * *', anyOf: [{ minLength: 1 }] },
          maybe: { type: 'string', nullable: true },
        },
      },
    },
  },
};

// biome-ignore lint/suspicious/noExplicitAny: documents are read by path
const v3 = (group: string, version: string): any => openApiV3({ group, version }, [...kinds, cronTab]);
// biome-ignore lint/suspicious/noExplicitAny: documents are read by path
const v2: any = openApiV2([...kinds, cronTab]);

/** The fields of a protobuf message: numbers and contents of those that hold bytes. */
function fieldsOf(message: Buffer): Map<number, Buffer[]> {
  const fields = new Map<number, Buffer[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    if (tag % 8 === 0) varint();
    else if (tag % 8 === 1) at += 8;
    else {
      const length = varint();
      fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), message.subarray(at, at + length)]);
      at += length;
    }
  }
  return fields;
}

/** Follows field numbers to the first message at their end. */
const follow = (message: Buffer, ...numbers: number[]): Buffer =>
  numbers.reduce((inner, number) => fieldsOf(inner).get(number)?.[0] ?? Buffer.alloc(0), message);

it('names operations as upstream does', () => {
  const ids = Object.values(v3('apps', 'v1').paths as Record<string, Record<string, Part>>).flatMap((path) =>
    Object.values(path).map((operation) => operation.operationId),
  );
  for (const id of [
    'listAppsV1DeploymentForAllNamespaces',
    'createAppsV1NamespacedDeployment',
    'deleteAppsV1CollectionNamespacedDeployment',
    'patchAppsV1NamespacedDeploymentScale',
    'watchAppsV1NamespacedDeploymentList',
  ]) {
    expect(ids).toContain(id);
  }
});

it('tells clients that patches take fieldValidation and dryRun, under the kind of the patched object', () => {
  const { patch } = v3('', 'v1').paths['/api/v1/namespaces/{namespace}/configmaps/{name}'];
  expect(patch.parameters.map((p: Part) => p.name)).toEqual([
    'dryRun',
    'fieldManager',
    'fieldValidation',
    'force',
  ]);
  expect(patch['x-kubernetes-group-version-kind']).toEqual({ group: '', version: 'v1', kind: 'ConfigMap' });
});

it('carries defaults, list keys and merge keys in v3, and no defaults in v2', () => {
  const name = 'io.k8s.api.core.v1.Container';
  const expected = {
    'x-kubernetes-list-map-keys': ['containerPort', 'protocol'],
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-patch-merge-key': 'containerPort',
    'x-kubernetes-patch-strategy': 'merge',
  };
  expect(v3('', 'v1').components.schemas[name].properties.ports).toEqual({
    type: 'array',
    items: { allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.ContainerPort' }], default: {} },
    ...expected,
  });
  expect(v2.definitions[name].properties.ports).toEqual({
    type: 'array',
    items: { $ref: '#/definitions/io.k8s.api.core.v1.ContainerPort' },
    ...expected,
  });
});

it('refers to no schema that is not there', () => {
  for (const [document, prefix, schemas] of [
    [v2, '#/definitions/', v2.definitions],
    [v3('', 'v1'), '#/components/schemas/', v3('', 'v1').components.schemas],
    [
      v3('stable.example.com', 'v1'),
      '#/components/schemas/',
      v3('stable.example.com', 'v1').components.schemas,
    ],
  ] as const) {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] ?? '');
    for (const reference of new Set(refs)) expect(schemas).toHaveProperty([reference.slice(prefix.length)]);
  }
});

it('publishes a custom kind as written in v3 and as kubectl can read it in v2', () => {
  const name = 'com.example.stable.v1.CronTab';
  const schema = v3('stable.example.com', 'v1').components.schemas[name];
  expect(schema.properties.spec.properties.cron).toEqual({
    type: 'string',
    default: '* * * * *',
    anyOf: [{ minLength: 1 }],
  });
  expect(schema.properties.metadata.allOf).toEqual([
    { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' },
  ]);
  expect(v2.definitions[name].properties.spec).toEqual({
    type: 'object',
    required: ['cron'],
    properties: { cron: { type: 'string' }, maybe: {} },
  });
  expect(v2.definitions[name]['x-kubernetes-group-version-kind']).toEqual([
    { group: 'stable.example.com', version: 'v1', kind: 'CronTab' },
  ]);
});

it('carries descriptions when they are given', () => {
  const descriptions = { 'io.k8s.api.core.v1.ConfigMap': { '': 'holds data', data: 'the data' } };
  const document = openApiV3({ group: '', version: 'v1' }, kinds, { descriptions });
  expect(document).toMatchObject({
    components: {
      schemas: {
        'io.k8s.api.core.v1.ConfigMap': {
          description: 'holds data',
          properties: { data: { description: 'the data' } },
        },
      },
    },
  });
});

it('tells by a fingerprint whether a document changed', () => {
  const gv = { group: 'stable.example.com', version: 'v1' };
  const before = openApiV3Fingerprint(gv, [...kinds, cronTab]);
  expect(openApiV3Fingerprint(gv, [...kinds, { ...cronTab }])).toBe(before);
  expect(openApiV3Fingerprint(gv, [...kinds, { ...cronTab, openApiSchema: { type: 'object' } }])).not.toBe(
    before,
  );
  const apps = { group: 'apps', version: 'v1' };
  expect(openApiV3Fingerprint(apps, kinds)).toBe(openApiV3Fingerprint(apps, [...kinds, cronTab]));
});

it('writes both versions as gnostic protobuf', () => {
  const two = openApiV2Protobuf(v2);
  expect(follow(two, 1).toString()).toBe('2.0');
  const definitions = fieldsOf(follow(two, 9)).get(1) ?? [];
  expect(definitions.length).toBe(Object.keys(v2.definitions).length);
  const configMap = definitions.find((d) => follow(d, 1).toString() === 'io.k8s.api.core.v1.ConfigMap');
  const extension = follow(configMap ?? Buffer.alloc(0), 2, 31);
  expect(follow(extension, 1).toString()).toBe('x-kubernetes-group-version-kind');
  expect(JSON.parse(follow(extension, 2, 2).toString())).toEqual([
    { group: '', version: 'v1', kind: 'ConfigMap' },
  ]);
  const three = openApiV3Protobuf(v3('apps', 'v1'));
  expect(follow(three, 1).toString()).toBe('3.0.0');
  expect(fieldsOf(follow(three, 4)).get(1)?.length).toBe(Object.keys(v3('apps', 'v1').paths).length);
});

it('chooses the form by the order of the Accept header', () => {
  expect(openApiFormat('application/com.github.proto-openapi.spec.v2@v1.0+protobuf', 2)).toBe('protobuf');
  expect(openApiFormat('application/json, */*', 3)).toBe('json');
  expect(openApiFormat('text/html', 2)).toBeUndefined();
});

it('makes the same document with what it remembers of the last one', () => {
  const memory = new OpenApiV2Memory();
  const first = openApiV2(kinds, {}, memory);
  openApiV2Protobuf(first, memory.encoded);
  const second = openApiV2([...kinds, cronTab], {}, memory);
  expect(JSON.stringify(second)).toBe(JSON.stringify(v2));
  expect(openApiV2Protobuf(second, memory.encoded).equals(openApiV2Protobuf(v2))).toBe(true);
  const path = '/api/v1/pods';
  expect((second.paths as Record<string, Part>)[path]).toBe((first.paths as Record<string, Part>)[path]);
});
