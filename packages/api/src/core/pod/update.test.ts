import { describe, expect, it } from 'vitest';
import type * as k8s from '../../generated/types.ts';
import type { KindRules } from '../../kinds/resource.ts';
import { fieldErrorMessage } from '../../meta/field-error.ts';
import type { KubeObject } from '../../meta/object.ts';
import { created, updateMessages } from '../testing.ts';
import { podQOS } from './qos.ts';
import { podRules, podSubresourceRules } from './rules.ts';

const NOW = { now: 0 };
const container = { name: 'c', image: 'web:1' };
const pod = (spec: Record<string, unknown> = {}) => ({
  spec: { serviceAccountName: 'default', containers: [container], ...spec },
});
const update = (to: Record<string, unknown>, from: Record<string, unknown> = {}): string[] =>
  updateMessages(podRules, pod(from), pod({ ...from, ...to }));

const ONLY =
  'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

describe('an update of a pod', () => {
  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['nothing', {}, {}],
    ['an image', { containers: [{ ...container, image: 'web:2' }] }, {}],
    ['a new deadline', { activeDeadlineSeconds: 10 }, {}],
    ['a sooner deadline', { activeDeadlineSeconds: 5 }, { activeDeadlineSeconds: 10 }],
    ['another toleration', { tolerations: [{ key: 'a', operator: 'Exists' }] }, {}],
    ['a cleared gate', { schedulingGates: [] }, { schedulingGates: [{ name: 'a' }] }],
    ['a node selector while gated', { nodeSelector: { a: 'b' } }, { schedulingGates: [{ name: 'a' }] }],
  ])('may change %s', (_, to, from) => {
    expect(update(to, from)).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['the node selector', { nodeSelector: { a: 'b' } }, {}],
    ['the service account', { serviceAccountName: 'other' }, {}],
    ['the restart policy', { restartPolicy: 'Never' }, {}],
    ['environment variables', { containers: [{ ...container, env: [{ name: 'A', value: 'b' }] }] }, {}],
    ['host network', { hostNetwork: true }, {}],
  ])('may not change %s', (_, to, from) => {
    const [message, ...more] = update(to, from);
    expect(more).toEqual([]);
    expect(message?.slice(0, ONLY.length)).toBe(ONLY);
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>, string]>([
    [
      'add a container',
      { containers: [container, { name: 'd', image: 'a' }] },
      {},
      'spec.containers: Forbidden: pod updates may not add or remove containers',
    ],
    [
      'drop an init container',
      { initContainers: [] },
      { initContainers: [{ name: 'i', image: 'a' }] },
      'spec.initContainers: Forbidden: pod updates may not add or remove containers',
    ],
    [
      'have a later deadline',
      { activeDeadlineSeconds: 20 },
      { activeDeadlineSeconds: 10 },
      'spec.activeDeadlineSeconds: Invalid value: 20: must be less than or equal to previous value',
    ],
    [
      'add a gate',
      { schedulingGates: [{ name: 'a' }] },
      {},
      "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'a'",
    ],
  ])('may not %s', (_, to, from, message) => {
    expect(update(to, from)[0]).toBe(message);
  });

  it('drops no toleration', () => {
    const messages = update({ tolerations: [] }, { tolerations: [{ key: 'a', operator: 'Exists' }] });
    expect(messages[0]).toContain(
      'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
    );
  });

  it('keeps the status', () => {
    const old = created(podRules, pod());
    old.status = { phase: 'Running' };
    const changed = created(podRules, pod());
    changed.status = { phase: 'Failed' };
    podRules.prepareForUpdate?.(changed, old, NOW);
    expect(changed.status).toEqual({ phase: 'Running' });
  });
});

describe('the subresources of a pod', () => {
  const through = (
    rules: NonNullable<KindRules['status']>,
    change: (pod: KubeObject) => void,
    spec: Record<string, unknown> = {},
  ): { object: KubeObject; errors: string[] } => {
    const old = created(podRules, pod(spec));
    const object = structuredClone(old);
    change(object);
    rules.prepareForUpdate?.(object, old);
    return { object, errors: (rules.validateUpdate?.(object, old, NOW) ?? []).map(fieldErrorMessage) };
  };
  const debug = { name: 'debug', image: 'a', imagePullPolicy: 'Always', terminationMessagePolicy: 'File' };

  it('add ephemeral containers', () => {
    const { object, errors } = through(podSubresourceRules.ephemeralcontainers, (changed) => {
      changed.spec = { ...(changed.spec as object), ephemeralContainers: [debug] };
    });
    expect(errors).toEqual([]);
    expect(object.spec).toMatchObject({ ephemeralContainers: [{ name: 'debug' }] });
  });

  it('remove no ephemeral container', () => {
    const { errors } = through(
      podSubresourceRules.ephemeralcontainers,
      (changed) => {
        changed.spec = { ...(changed.spec as object), ephemeralContainers: [] };
      },
      { ephemeralContainers: [debug] },
    );
    expect(errors).toEqual([
      'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed\n',
    ]);
  });

  it('resize a container', () => {
    const from = { containers: [{ ...container, resources: { requests: { cpu: '1' } } }] };
    const { object, errors } = through(
      podSubresourceRules.resize,
      (changed) => {
        changed.spec = {
          ...(changed.spec as object),
          containers: [{ ...container, resources: { requests: { cpu: '2' } } }],
        };
      },
      from,
    );
    expect(errors).toEqual([]);
    expect(object.spec).toMatchObject({ containers: [{ resources: { requests: { cpu: '2' } } }] });
  });

  it('keep the class of service when resized', () => {
    const { errors } = through(podSubresourceRules.resize, (changed) => {
      changed.spec = {
        ...(changed.spec as object),
        containers: [{ ...container, resources: { requests: { cpu: '2' } } }],
      };
    });
    expect(errors).toContain(
      'spec: Invalid value: "BestEffort": Pod QOS Class may not change as a result of resizing',
    );
  });
});

describe('the end of a pod', () => {
  const grace = (spec: Record<string, unknown>, phase = 'Running'): number | undefined => {
    const made = created(podRules, pod(spec));
    made.status = { phase };
    return podRules.defaultGraceSeconds?.(made);
  };

  it('is at once without a node or when it has ended', () => {
    expect(grace({})).toBe(0);
    expect(grace({ nodeName: 'n' }, 'Succeeded')).toBe(0);
  });

  it('takes as long as the pod asks', () => {
    expect(grace({ nodeName: 'n' })).toBe(30);
    expect(grace({ nodeName: 'n', terminationGracePeriodSeconds: 5 })).toBe(5);
    expect(grace({ nodeName: 'n', terminationGracePeriodSeconds: -3 })).toBe(1);
  });
});

describe('the class of service', () => {
  const of = (...resources: k8s.ResourceRequirements[]): string =>
    podQOS({ containers: resources.map((r, i) => ({ name: `c${i}`, resources: r })) });
  const full = { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } };

  it.each([
    [[{}], 'BestEffort'],
    [[full], 'Guaranteed'],
    [[full, {}], 'Burstable'],
    [[{ requests: { cpu: '1' } }], 'Burstable'],
    [[{ limits: { cpu: '0' } }], 'BestEffort'],
    [[{ requests: { 'example.com/gpu': '1' } }], 'BestEffort'],
  ])('of %j is %s', (resources, expected) => {
    expect(of(...resources)).toBe(expected);
  });
});
