import { describe, expect, test } from 'vitest';
import { tokenRequestRules } from '../authentication/rules.ts';
import { localSubjectAccessReviewRules, selfSubjectAccessReviewRules } from '../authorization/rules.ts';
import { created, createMessages, objectOf } from '../core/testing.ts';
import { fieldErrorMessage } from '../meta/field-error.ts';
import { hpaV2Rules } from './horizontalpodautoscaler.ts';

const scaler = (spec: Record<string, unknown>): Record<string, unknown> => ({
  spec: { maxReplicas: 5, scaleTargetRef: { kind: 'Deployment', name: 'web' }, ...spec },
});

describe('HorizontalPodAutoscaler', () => {
  test('aims at 80% CPU and completes the behaviour it is given', () => {
    const { spec } = created(
      hpaV2Rules,
      scaler({ behavior: { scaleDown: { stabilizationWindowSeconds: 60 } } }),
    );
    expect(spec.metrics).toEqual([
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
      },
    ]);
    expect(spec.behavior.scaleDown).toEqual({
      stabilizationWindowSeconds: 60,
      selectPolicy: 'Max',
      policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
    });
    expect(spec.behavior.scaleUp.policies).toHaveLength(2);
  });

  test.each<[string, Record<string, unknown>, string[]]>([
    [
      'scales to something',
      { maxReplicas: 0, minReplicas: 0 },
      [
        'spec.minReplicas: Invalid value: 0: must be greater than or equal to 1',
        'spec.maxReplicas: Invalid value: 0: must be greater than 0',
        'spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas',
      ],
    ],
    [
      'scales something',
      { scaleTargetRef: {} },
      ['spec.scaleTargetRef.kind: Required value', 'spec.scaleTargetRef.name: Required value'],
    ],
    [
      'has the source it says',
      { metrics: [{ type: 'Pods' }] },
      ['spec.metrics[0].pods: Required value: must populate information for the given metric source'],
    ],
    [
      'has a positive target',
      {
        metrics: [
          {
            type: 'Pods',
            pods: { metric: { name: 'm' }, target: { type: 'AverageValue', averageValue: '0' } },
          },
        ],
      },
      ['spec.metrics[0].pods.target.averageValue: Invalid value: "0": must be positive'],
    ],
  ])('%s', (_, spec, expected) => {
    expect(createMessages(hpaV2Rules, scaler(spec))).toEqual(expected);
  });
});

describe('reviews', () => {
  const messages = (rules: typeof tokenRequestRules, fields: Record<string, unknown>): string[] => {
    const object = { ...objectOf(fields), metadata: (fields.metadata ?? {}) as object };
    rules.setDefaults?.(object);
    return (rules.validate?.(object, { now: 0 }) ?? []).map(fieldErrorMessage);
  };

  test('a token lives an hour by default and ten minutes at least', () => {
    expect(messages(tokenRequestRules, { spec: {} })).toEqual([]);
    expect(messages(tokenRequestRules, { spec: { expirationSeconds: 599 } })).toEqual([
      'spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
    ]);
  });

  test('a question is about a resource or a path', () => {
    expect(messages(selfSubjectAccessReviewRules, { spec: {} })).toEqual([
      'spec.resourceAttributes: Invalid value: "null": exactly one of nonResourceAttributes or resourceAttributes must be specified',
    ]);
  });

  test('a local question is about its namespace', () => {
    const spec = { user: 'jane', resourceAttributes: { namespace: 'b' } };
    expect(messages(localSubjectAccessReviewRules, { metadata: { namespace: 'a' }, spec })).toEqual([
      'spec.resourceAttributes.namespace: Invalid value: "b": must match metadata.namespace',
    ]);
  });
});
