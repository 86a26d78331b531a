import { describe, expect, it } from 'vitest';
import { fieldErrorMessage } from '../../meta/field-error.ts';
import { created } from '../testing.ts';
import { podRules } from './rules.ts';

const container = { name: 'c', image: 'web:1' };
const pod = (spec: Record<string, unknown> = {}, metadata: Record<string, unknown> = {}) =>
  created(podRules, { metadata, spec: { serviceAccountName: 'default', containers: [container], ...spec } });
const warnings = (spec: Record<string, unknown>, metadata?: Record<string, unknown>): string[] =>
  podRules.warnings?.(pod(spec, metadata), undefined) ?? [];

describe('warnings of a new pod', () => {
  it('are none for a plain one', () => expect(warnings({})).toEqual([]));

  it.each<[string, Record<string, unknown>, string[]]>([
    [
      'an old label of nodes',
      { nodeSelector: { 'beta.kubernetes.io/os': 'linux' } },
      ['spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead'],
    ],
    [
      'two host aliases of one address',
      {
        hostAliases: [
          { ip: '1.1.1.1', hostnames: ['a'] },
          { ip: '1.1.1.1', hostnames: ['b'] },
        ],
      },
      ['spec.hostAliases[1].ip: duplicate ip "1.1.1.1"'],
    ],
    [
      'a pull secret twice',
      { imagePullSecrets: [{ name: 'a' }, { name: 'a' }] },
      ['spec.imagePullSecrets[1].name: duplicate name "a"'],
    ],
    [
      'a pull secret without a name',
      { imagePullSecrets: [{}] },
      ['spec.imagePullSecrets[0].name: invalid empty name ""'],
    ],
    [
      'an environment variable twice',
      {
        containers: [
          {
            ...container,
            env: [
              { name: 'A', value: '1' },
              { name: 'A', value: '2' },
            ],
          },
        ],
      },
      ['spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply'],
    ],
    [
      'part of a byte',
      { containers: [{ ...container, resources: { limits: { memory: '1500m' } } }] },
      [
        'spec.containers[0].resources.limits[memory]: fractional byte value "1500m" is invalid, must be an integer',
        'spec.containers[0].resources.requests[memory]: fractional byte value "1500m" is invalid, must be an integer',
      ],
    ],
    [
      'a negative time to end',
      { terminationGracePeriodSeconds: -1 },
      [
        'spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1',
      ],
    ],
  ])('tell of %s', (_, spec, messages) => {
    expect(warnings(spec)).toEqual(messages);
  });

  it('tell of a name that is no label', () => {
    expect(warnings({}, { name: 'a.b' })).toEqual([
      "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]",
    ]);
  });
});

describe('an update of the status', () => {
  const update = (status: Record<string, unknown>, from: Record<string, unknown> = {}): string[] => {
    const old = pod();
    old.status = { ...old.status, ...from };
    const object = structuredClone(old);
    object.status = { ...object.status, ...status };
    podRules.status?.prepareForUpdate?.(object, old);
    return (podRules.status?.validateUpdate?.(object, old, { now: 0 }) ?? []).map(fieldErrorMessage);
  };
  const running = { name: 'c', state: { running: { startedAt: '2026-01-01T00:00:00Z' } }, restartCount: 0 };
  const ended = { name: 'c', state: { terminated: { exitCode: 1 } }, restartCount: 0 };

  it('may tell phase and addresses', () => {
    expect(update({ phase: 'Running', podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }] })).toEqual([]);
  });

  it('may run a container again when pods restart', () => {
    expect(update({ containerStatuses: [running] }, { containerStatuses: [ended] })).toEqual([]);
  });

  it('takes back no nominated node of another form', () => {
    expect(update({ nominatedNodeName: 'A_' })[0]).toContain('status.nominatedNodeName: Invalid value: "A_"');
  });

  it('has two addresses at most, one of each family', () => {
    expect(update({ podIPs: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }] })[0]).toContain(
      'status.podIPs: Invalid value: [{"IP":"10.0.0.1"},{"IP":"10.0.0.2"}]: may specify no more than one IP for each IP family',
    );
  });

  it('keeps the class of service', () => {
    expect(update({ qosClass: 'Guaranteed' })[0]).toBe(
      'status.qosClass: Invalid value: "Guaranteed": field is immutable',
    );
  });
});
