import { describe, expect, it } from 'vitest';
import { StatusError } from '../meta/status.ts';
import { schemaOf } from '../schema/schema-of.ts';
import type { StructType, TypeSchema } from '../schema/type-schema.ts';
import { LAST_APPLIED } from './last-applied.ts';
import { Trial } from './trial.ts';

const model = (name: string): StructType => schemaOf(`io.k8s.api.${name}`) as StructType;
const configMap = (): Trial => new Trial(model('core.v1.ConfigMap'), 'v1', 'ConfigMap');
const deployment = (): Trial => new Trial(model('apps.v1.Deployment'), 'apps/v1', 'Deployment');
const service = (): Trial => new Trial(model('core.v1.Service'), 'v1', 'Service');
const pods = (containers: object[], more: object = {}) => ({
  spec: { selector: { matchLabels: { app: 'd' } }, template: { spec: { containers } }, ...more },
});

const KEYED: TypeSchema = {
  type: 'list',
  items: { type: 'struct', fields: new Map([['id', { name: 'id', type: { type: 'string' } }]]) },
  listType: 'map',
  listKeys: ['id'],
};

function statusOf(run: () => unknown): StatusError['status'] {
  try {
    run();
  } catch (error) {
    if (error instanceof StatusError) return error.status;
    throw error;
  }
  throw new Error('expected a StatusError');
}

/** The answers are those recorded from upstream (test/differential, scenario "apply"). */
describe('server-side apply', () => {
  it('creates an object and owns what it applies', () => {
    const trial = configMap();
    const created = trial.apply('one', { data: { x: '1', y: '1' }, metadata: { labels: { by: 'one' } } });
    expect(created).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { x: '1', y: '1' } });
    expect(created.metadata.managedFields).toEqual([
      {
        manager: 'one',
        operation: 'Apply',
        apiVersion: 'v1',
        time: '2026-01-01T00:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { 'f:x': {}, 'f:y': {} }, 'f:metadata': { 'f:labels': { 'f:by': {} } } },
      },
    ]);
  });

  it('gives back the very object when nothing changes', () => {
    const trial = configMap();
    const first = trial.apply('one', { data: { x: '1' } });
    expect(trial.apply('one', { data: { x: '1' } })).toBe(first);
  });

  it('lets managers own different and equal fields', () => {
    const trial = configMap();
    trial.apply('one', { data: { x: '1' } });
    expect(trial.apply('two', { data: { z: '2', x: '1' } }).data).toEqual({ x: '1', z: '2' });
    expect(trial.owners).toEqual({
      'one/Apply': { 'f:data': { 'f:x': {} } },
      'two/Apply': { 'f:data': { 'f:x': {}, 'f:z': {} } },
    });
  });

  it('refuses to change what another manager applied', () => {
    const trial = configMap();
    trial.apply('one', { data: { y: '1' } });
    expect(statusOf(() => trial.apply('two', { data: { y: '2' } }))).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message: 'Apply failed with 1 conflict: conflict with "one": .data.y',
      details: {
        causes: [{ field: '.data.y', message: 'conflict with "one"', reason: 'FieldManagerConflict' }],
      },
    });
  });

  it('names all conflicts by manager', () => {
    const trial = configMap();
    trial.apply('one', { data: { x: '1', y: '1' } });
    trial.apply('two', { data: { x: '1' } });
    const status = statusOf(() => trial.apply('three', { data: { x: '3', y: '3' } }));
    expect(status.message).toBe(
      'Apply failed with 3 conflicts: conflicts with "one":\n- .data.x\n- .data.y\nconflicts with "two":\n- .data.x',
    );
    expect(status.details?.causes).toHaveLength(3);
  });

  it('names the version and subresource of updates that it conflicts with', () => {
    const trial = deployment();
    trial.update('kubectl-client-side-apply', pods([{ name: 'a' }], { replicas: 1 }));
    const apply = () => trial.apply('me', { spec: { replicas: 3 } });
    expect(statusOf(apply).message).toBe(
      'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using apps/v1: .spec.replicas',
    );
    trial.update('ctl', { ...pods([{ name: 'a' }], { replicas: 2 }) }, { subresource: 'scale' });
    expect(statusOf(apply).message).toBe(
      'Apply failed with 1 conflict: conflict with "ctl" with subresource "scale" using apps/v1: .spec.replicas',
    );
  });

  it('takes over by force, and the other may let go', () => {
    const trial = configMap();
    trial.apply('one', { data: { x: '1', y: '1' } });
    trial.apply('two', { data: { y: '2' } }, { force: true });
    expect(trial.owners).toEqual({
      'one/Apply': { 'f:data': { 'f:x': {} } },
      'two/Apply': { 'f:data': { 'f:y': {} } },
    });
    expect(statusOf(() => trial.apply('one', { data: { x: '1', y: '1' } })).code).toBe(409);
    expect(trial.apply('one', { data: {} }).data).toEqual({ y: '2' });
    // the empty map is a field, too
    expect(trial.owners).toEqual({
      'two/Apply': { 'f:data': { 'f:y': {} } },
      'one/Apply': { 'f:data': {} },
    });
  });

  it('removes what the manager alone had, and keeps what others have or nobody applied', () => {
    const trial = configMap();
    trial.update('editor', { data: { e: '0' } });
    trial.apply('one', { data: { x: '1', y: '1' } });
    trial.apply('two', { data: { y: '1' } });
    expect(trial.apply('one', {}).data).toEqual({ e: '0', y: '1' });
    expect(Object.keys(trial.owners)).toEqual(['two/Apply', 'editor/Update']);
  });

  it('removes whole structs, lists and maps with their last field', () => {
    const trial = configMap();
    trial.apply('one', { data: { x: '1' }, metadata: { finalizers: ['example.com/a'], labels: { a: 'b' } } });
    const { metadata, ...rest } = trial.apply('one', {});
    expect(rest).toEqual({ apiVersion: 'v1', kind: 'ConfigMap' });
    expect(metadata).toEqual({ name: 'a' });
  });

  it('merges lists by their keys, keys by default too', () => {
    const trial = deployment();
    trial.apply(
      'one',
      pods([{ name: 'a', image: 'a:1', ports: [{ containerPort: 80 }], env: [{ name: 'X', value: '1' }] }]),
    );
    trial.apply(
      'two',
      pods([
        { name: 'b', image: 'b:1' },
        { name: 'a', env: [{ name: 'Y', value: '2' }] },
      ]),
    );
    expect(trial.live?.spec.template.spec.containers).toEqual([
      { name: 'b', image: 'b:1' },
      {
        name: 'a',
        image: 'a:1',
        ports: [{ containerPort: 80 }],
        env: [
          { name: 'X', value: '1' },
          { name: 'Y', value: '2' },
        ],
      },
    ]);
    expect(trial.owners['one/Apply']).toMatchObject({
      'f:spec': {
        'f:template': {
          'f:spec': {
            'f:containers': {
              'k:{"name":"a"}': {
                '.': {},
                'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
              },
            },
          },
        },
      },
    });
    expect(statusOf(() => trial.apply('two', pods([{ name: 'a', image: 'a:2' }]))).message).toBe(
      'Apply failed with 1 conflict: conflict with "one": .spec.template.spec.containers[name="a"].image',
    );
    trial.apply('two', { spec: {} });
    expect(trial.live?.spec.template.spec.containers).toHaveLength(1);
    expect(trial.live?.spec.template.spec.containers[0].env).toEqual([{ name: 'X', value: '1' }]);
  });

  it('takes an absent key of a Go type for its zero value, which validation then refuses', () => {
    const created = deployment().apply('one', pods([{ image: 'a' }]));
    expect(created.spec.template.spec.containers).toEqual([{ image: 'a' }]);
  });

  it('owns atomic values as a whole', () => {
    const trial = deployment();
    trial.apply('one', pods([{ name: 'a', command: ['a', 'b'] }]));
    expect(statusOf(() => trial.apply('two', pods([{ name: 'a', command: ['a', 'c'] }]))).message).toContain(
      '[name="a"].command',
    );
    const selector = { spec: { selector: { matchLabels: { other: 'x' } } } };
    expect(statusOf(() => trial.apply('two', selector)).message).toBe(
      'Apply failed with 1 conflict: conflict with "one": .spec.selector',
    );
    trial.apply('two', selector, { force: true });
    expect(trial.live?.spec.selector).toEqual({ matchLabels: { other: 'x' } });
  });

  it('keeps ports of one number and two protocols apart', () => {
    const trial = service();
    trial.apply('one', { spec: { ports: [{ port: 53, name: 'dns-tcp' }] } });
    trial.apply('two', { spec: { ports: [{ port: 53, name: 'dns', protocol: 'UDP' }] } });
    expect(trial.live?.spec.ports).toHaveLength(2);
    trial.apply('one', { spec: { ports: [{ port: 53, name: 'dns-tcp', protocol: 'TCP' }] } });
    expect(trial.live?.spec.ports).toHaveLength(2);
    trial.apply('one', { spec: {} });
    expect(trial.live?.spec.ports).toEqual([{ port: 53, name: 'dns', protocol: 'UDP' }]);
  });

  it('shares sets of primitives', () => {
    const trial = configMap();
    trial.apply('one', { metadata: { finalizers: ['example.com/a'] } });
    trial.apply('two', { metadata: { finalizers: ['example.com/b', 'example.com/a'] } });
    expect(trial.live?.metadata.finalizers).toEqual(['example.com/b', 'example.com/a']);
    trial.apply('two', {});
    expect(trial.live?.metadata.finalizers).toEqual(['example.com/a']);
    trial.apply('one', {});
    expect(trial.live?.metadata.finalizers).toBeUndefined();
  });

  it('takes an untracked object for one set before the first apply', () => {
    const trial = configMap();
    trial.live = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', uid: 'u' },
      data: { y: 'edited' },
    };
    trial.apply('one', { data: { x: '9' } });
    expect(trial.owners).toEqual({
      'one/Apply': { 'f:data': { 'f:x': {} } },
      'before-first-apply/Update': { 'f:data': { '.': {}, 'f:y': {} } },
    });
    expect(statusOf(() => trial.apply('one', { data: { y: '1' } })).message).toContain(
      'conflict with "before-first-apply" using v1: .data.y',
    );
  });

  it('keeps the time of a manager that only comes to share fields', () => {
    const trial = configMap();
    trial.apply('one', { data: { x: '1' } });
    trial.apply('two', { data: { z: '1' } });
    trial.apply('two', { data: { z: '1', x: '1' } });
    expect(trial.entries.map(({ time }) => time)).toEqual(['2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z']);
  });

  it('can move from client-side to server-side apply as kubectl', () => {
    const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { x: '1', y: '1' } };
    const annotations = { [LAST_APPLIED]: `${JSON.stringify(config)}\n` };
    const trial = configMap();
    trial.update('kubectl-client-side-apply', { data: config.data, metadata: { annotations } });
    trial.update('editor', { data: { x: '1', y: 'edited' }, metadata: { annotations } });
    expect(statusOf(() => trial.apply('me', { data: { x: '2' } })).code).toBe(409);
    expect(statusOf(() => trial.apply('kubectl', { data: { x: '2', y: '2' } })).message).toBe(
      'Apply failed with 1 conflict: conflict with "editor" using v1: .data.y',
    );
    trial.apply('kubectl', { data: { x: '2' } });
    expect(trial.live?.data).toEqual({ x: '2', y: 'edited' });
    expect(trial.live?.metadata.annotations?.[LAST_APPLIED]).toBe(
      '{"apiVersion":"v1","data":{"x":"2"},"kind":"ConfigMap","metadata":{"name":"a"}}\n',
    );
  });

  it('keeps fields of raw types with their keys', () => {
    const trial = configMap();
    const data = JSON.parse('{"__proto__":"1","constructor":"2"}');
    const created = trial.apply('one', { data });
    expect(Object.keys(created.data)).toEqual(['__proto__', 'constructor']);
    expect(trial.owners).toEqual({ 'one/Apply': { 'f:data': { 'f:__proto__': {}, 'f:constructor': {} } } });
    expect(trial.apply('one', {}).data).toBeUndefined();
  });

  it('refuses what is not a configuration of the kind', () => {
    const trial = configMap();
    const message = (config: object) => statusOf(() => trial.apply('one', config)).message;
    expect(message({ kind: 'Secret' })).toBe('invalid object type: /v1, Kind=Secret');
    expect(message({ metadata: { managedFields: [] } })).toBe('metadata.managedFields must be nil');
    expect(message({ extra: 1, metadata: { namespace: 'n' } })).toBe(
      'failed to create typed patch object (n/a; /v1, Kind=ConfigMap): .extra: field not declared in schema',
    );
    expect(message({ data: { x: 1 } })).toBe(
      'failed to create typed patch object (/a; /v1, Kind=ConfigMap): .data.x: expected string, got &value.valueUnstructured{Value:1}',
    );
    expect(message({ data: [] })).toBe(
      'failed to create typed patch object (/a; /v1, Kind=ConfigMap): .data: expected map, got &{[]}',
    );
    const twice = statusOf(() => deployment().apply('one', pods([{ name: 'a' }, { name: 'a' }]))).message;
    expect(twice).toBe(
      'failed to create typed patch object (/a; apps/v1, Kind=Deployment): .spec.template.spec.containers: duplicate entries for key [name="a"]',
    );
    const owner = { metadata: { ownerReferences: [null] } };
    expect(message(owner)).toContain(
      '.metadata.ownerReferences: element 0: associative list with keys may not have a null element',
    );
    const custom: StructType = {
      type: 'struct',
      fields: new Map([['items', { name: 'items', type: KEYED }]]),
    };
    const keyless = () =>
      new Trial(custom, 'v1', 'ConfigMap').apply('one', { metadata: undefined, items: [{}] });
    expect(statusOf(keyless).message).toContain(
      '.items: element 0: associative list with keys has an element that omits all key fields ["id"] (and doesn\'t have default values for any key fields)',
    );
  });
});
