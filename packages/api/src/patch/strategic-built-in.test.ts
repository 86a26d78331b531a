import { deepFreeze } from '@sampan/base';
import { describe, expect, it } from 'vitest';
import { schemaOf } from '../schema/schema-of.ts';
import { applyStrategicMergePatch } from './strategic-merge-patch.ts';

const deployment = deepFreeze({
  metadata: {
    name: 'd',
    finalizers: ['a', 'b'],
    ownerReferences: [{ uid: '1', name: 'x' }],
    labels: { app: 'd' },
  },
  spec: {
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
    template: {
      spec: {
        containers: [
          { name: 'app', image: 'app:1', env: [{ name: 'A', value: '1' }], ports: [{ containerPort: 80 }] },
          { name: 'injected', image: 'proxy' },
        ],
        tolerations: [{ key: 'old' }],
        volumes: [{ name: 'v', emptyDir: {} }],
      },
    },
  },
});
const patched = (patch: object) =>
  applyStrategicMergePatch(deployment, patch, schemaOf('io.k8s.api.apps.v1.Deployment'));

/** Merge keys and strategies are those of upstream's Go types, by way of the generated table. */
describe('strategic merge patch of built-in kinds', () => {
  it('applies what kubectl apply sends for a changed image', () => {
    const patch = {
      spec: {
        template: {
          spec: {
            '$setElementOrder/containers': [{ name: 'app' }, { name: 'log' }],
            containers: [
              {
                name: 'app',
                image: 'app:2',
                '$setElementOrder/env': [{ name: 'B' }],
                env: [
                  { name: 'B', value: '2' },
                  { $patch: 'delete', name: 'A' },
                ],
              },
              { name: 'log', image: 'log' },
            ],
          },
        },
      },
    };
    const { containers } = patched(patch).spec.template.spec;
    expect(containers).toEqual([
      { name: 'app', image: 'app:2', env: [{ name: 'B', value: '2' }], ports: [{ containerPort: 80 }] },
      { name: 'log', image: 'log' },
      { name: 'injected', image: 'proxy' },
    ]);
  });

  it('clears the rest of a union by $retainKeys', () => {
    expect(
      patched({ spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } }).spec.strategy,
    ).toEqual({
      type: 'Recreate',
    });
    const volumes = [{ name: 'v', $retainKeys: ['name', 'configMap'], configMap: { name: 'c' } }];
    expect(patched({ spec: { template: { spec: { volumes } } } }).spec.template.spec.volumes).toEqual([
      { name: 'v', configMap: { name: 'c' } },
    ]);
  });

  it('replaces tolerations, and merges finalizers, owners and ports', () => {
    const spec = {
      tolerations: [{ key: 'new' }],
      containers: [{ name: 'app', ports: [{ containerPort: 80, name: 'http' }] }],
    };
    const result = patched({
      metadata: {
        finalizers: ['c'],
        '$deleteFromPrimitiveList/finalizers': ['a'],
        ownerReferences: [{ uid: '2' }],
      },
      spec: { template: { spec } },
    });
    expect(result.spec.template.spec.tolerations).toEqual([{ key: 'new' }]);
    expect(new Set(result.metadata.finalizers)).toEqual(new Set(['b', 'c']));
    expect(result.metadata.ownerReferences).toHaveLength(2);
    expect(result.spec.template.spec.containers.find(({ name }) => name === 'app')?.ports).toEqual([
      { containerPort: 80, name: 'http' },
    ]);
  });

  it('shares the parts that stay', () => {
    const result = patched({ metadata: { labels: { extra: '1' } } });
    expect(result.spec).toBe(deployment.spec);
    expect(result.metadata.labels).toEqual({ app: 'd', extra: '1' });
  });
});
