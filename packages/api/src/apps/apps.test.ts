import { describe, expect, it } from 'vitest';
import { created, createMessages, updateMessages } from '../core/testing.ts';
import type { KindRules } from '../kinds/resource.ts';
import { workloadRules } from '../kinds/rules-workloads.ts';

const labels = { app: 'web' };
const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'web:1' }] } };
const spec = { selector: { matchLabels: labels }, template };
const rulesOf = (kind: string): KindRules => {
  const rules = workloadRules[kind];
  if (rules === undefined) throw new Error(`no rules of ${kind}`);
  return rules;
};
const KINDS = ['apps/Deployment', 'apps/ReplicaSet', 'apps/StatefulSet', 'apps/DaemonSet'];
const LIMITED = ['apps/Deployment', 'apps/ReplicaSet', 'apps/StatefulSet'];
const errors = (kind: string, fields: Record<string, unknown>): string[] =>
  createMessages(rulesOf(kind), { spec: { ...spec, ...fields } });
const changes = (kind: string, to: Record<string, unknown>): string[] =>
  updateMessages(rulesOf(kind), { spec }, { spec: { ...spec, ...to } });

describe.each(KINDS)('%s', (kind) => {
  it('is fine with a selector and a template of pods', () => expect(errors(kind, {})).toEqual([]));

  it('starts with generation 1 and without a status', () => {
    const made = created(rulesOf(kind), { spec, status: { replicas: 5 } });
    expect(JSON.stringify(made.status ?? {})).not.toContain('5');
    expect(rulesOf(kind).generation).toBe(true);
  });

  it('has pods that its selector finds', () => {
    expect(errors(kind, { selector: { matchLabels: { app: 'other' } } })).toEqual([
      'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    ]);
  });

  it('has pods that restart', () => {
    const [first] = errors(kind, {
      template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } },
    });
    expect(first).toBe(
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    );
  });

  it('refuses an empty selector', () => {
    const what = { 'apps/StatefulSet': 'statefulset', 'apps/DaemonSet': 'daemonset' }[kind] ?? 'deployment';
    expect(errors(kind, { selector: {} })).toContain(
      `spec.selector: Invalid value: {}: empty selector is invalid for ${what}`,
    );
  });

  it('keeps its selector', () => {
    const other = { app: 'other' };
    const messages = changes(kind, {
      selector: { matchLabels: other },
      template: { ...template, metadata: { labels: other } },
    });
    const expected =
      kind === 'apps/StatefulSet'
        ? "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
        : 'spec.selector: Invalid value: {"matchLabels":{"app":"other"}}: field is immutable';
    expect(messages).toEqual([expected]);
  });

  it('may change its template', () => {
    expect(
      changes(kind, { template: { ...template, spec: { containers: [{ name: 'c', image: 'web:2' }] } } }),
    ).toEqual([]);
  });
});

it.each(LIMITED)('%s has no negative number of replicas', (kind) => {
  expect(errors(kind, { replicas: -1 })).toEqual([
    'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
  ]);
});

describe('a Deployment', () => {
  it('rolls a quarter of its pods at a time', () => {
    expect(created(rulesOf('apps/Deployment'), { spec }).spec).toMatchObject({
      replicas: 1,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    });
  });

  it.each<[string, Record<string, unknown>, string[]]>([
    [
      'recreates and rolls',
      { strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } },
      ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"],
    ],
    [
      'cannot move',
      { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } } },
      ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0'],
    ],
    [
      'may lack more than all',
      { strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: '101%' } } },
      ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%'],
    ],
    [
      'gives up before pods are ready',
      { minReadySeconds: 600 },
      ['spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds'],
    ],
    [
      'keeps negative history',
      { revisionHistoryLimit: -1 },
      ['spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0'],
    ],
  ])('is refused when it %s', (_, fields, messages) => {
    expect(errors('apps/Deployment', fields)).toEqual(messages);
  });
});

describe('the status of a Deployment', () => {
  const update = (status: Record<string, unknown>, from: Record<string, unknown> = {}): string[] => {
    const rules = rulesOf('apps/Deployment');
    const old = { ...created(rules, { spec }), status: from };
    const object = { ...structuredClone(old), status };
    rules.status?.prepareForUpdate?.(object, old);
    return (rules.status?.validateUpdate?.(object, old, { now: 0 }) ?? []).map(
      (e) => `${e.field}: ${e.detail}`,
    );
  };

  it('counts no more ready pods than there are', () => {
    expect(update({ replicas: 2, readyReplicas: 2, availableReplicas: 2 })).toEqual([]);
    expect(update({ replicas: 1, readyReplicas: 2 })).toEqual([
      'status.readyReplicas: cannot be greater than status.replicas',
    ]);
    expect(update({ replicas: 2, readyReplicas: 1, availableReplicas: 2 })).toEqual([
      'status.availableReplicas: cannot be greater than readyReplicas',
    ]);
  });

  it('counts no fewer collisions than before', () => {
    expect(update({ collisionCount: 1 }, { collisionCount: 2 })).toEqual([
      'status.collisionCount: cannot be decremented',
    ]);
  });
});

describe('a StatefulSet', () => {
  it('starts in order and keeps claims', () => {
    expect(created(rulesOf('apps/StatefulSet'), { spec }).spec).toMatchObject({
      replicas: 1,
      podManagementPolicy: 'OrderedReady',
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      revisionHistoryLimit: 10,
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    });
  });

  it.each<[string, Record<string, unknown>, string]>([
    [
      'an unknown policy',
      { podManagementPolicy: 'Odd' },
      "spec.podManagementPolicy: Invalid value: \"Odd\": must be 'OrderedReady' or 'Parallel'",
    ],
    [
      'a negative partition',
      { updateStrategy: { rollingUpdate: { partition: -1 } } },
      'spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'negative ordinals',
      { ordinals: { start: -1 } },
      'spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0',
    ],
  ])('is refused with %s', (_, fields, message) => {
    expect(errors('apps/StatefulSet', fields)).toEqual([message]);
  });
});

describe('a DaemonSet', () => {
  it('is refused when it can neither surge nor lack pods', () => {
    expect(errors('apps/DaemonSet', { updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } })).toEqual([
      'spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0',
    ]);
    expect(
      errors('apps/DaemonSet', { updateStrategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } } }),
    ).toEqual([
      'spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero',
    ]);
  });
});

describe('a ControllerRevision', () => {
  const rules = rulesOf('apps/ControllerRevision');
  it('keeps its data', () => {
    expect(updateMessages(rules, { data: { a: 1 }, revision: 1 }, { data: { a: 1 }, revision: 2 })).toEqual(
      [],
    );
    expect(
      updateMessages(rules, { data: { a: 1 }, revision: 1 }, { data: { a: 2 }, revision: 1 })[0],
    ).toContain('field is immutable');
  });

  it('has no negative revision and some data', () => {
    expect(createMessages(rules, { data: { a: 1 }, revision: -1 })).toEqual([
      'revision: Invalid value: -1: must be greater than or equal to 0',
    ]);
    expect(createMessages(rules, { revision: 1 })).toEqual(['data: Required value: data is mandatory']);
  });
});

describe('a ReplicationController', () => {
  const rules = rulesOf('/ReplicationController');
  it('takes its selector and its labels from its template', () => {
    const made = created(rules, { spec: { template } });
    expect(made.metadata.labels).toEqual(labels);
    expect(made.spec).toMatchObject({ replicas: 1, selector: labels });
  });

  it('needs a selector and a template', () => {
    expect(createMessages(rules, { spec: {} })).toEqual([
      'spec.selector: Required value',
      'spec.template: Required value',
    ]);
  });
});
