import type { k8s } from '@sampan/api';
import { describe, expect, it } from 'vitest';
import { type PodPhase, podPhase } from './pod-phase.ts';

type Short = 'run' | 'ok' | 'fail' | 'wait' | 'back-ok' | 'back-fail' | 'none' | 'starting';

const done = (exitCode: number) => ({ terminated: { exitCode } });

const SHORT: Record<Exclude<Short, 'none'>, Partial<k8s.ContainerStatus>> = {
  run: { state: { running: {} }, started: true },
  starting: { state: { running: {} }, started: false },
  ok: { state: done(0) },
  fail: { state: done(1) },
  wait: { state: { waiting: {} } },
  'back-ok': { state: { waiting: {} }, lastState: done(0) },
  'back-fail': { state: { waiting: {} }, lastState: done(1) },
};

function phaseOf(
  policy: string,
  init: readonly [string, Short][],
  regular: readonly Short[],
  terminal = false,
) {
  const statuses = new Map<string, k8s.ContainerStatus>();
  const add = (name: string, short: Short): void => {
    if (short === 'none') return;
    statuses.set(name, { name, ready: false, restartCount: 0, image: '', imageID: '', ...SHORT[short] });
  };
  const initContainers = init.map(([kind, short], index) => {
    add(`i${index}`, short);
    return { name: `i${index}`, ...(kind === 'side' && { restartPolicy: 'Always' }) };
  });
  const containers = regular.map((short, index) => {
    add(`c${index}`, short);
    return { name: `c${index}` };
  });
  return podPhase({ restartPolicy: policy, initContainers, containers }, statuses, terminal);
}

describe('the phase of a pod', () => {
  const plain: [string, Short[], PodPhase, boolean?][] = [
    ['Always', ['run', 'run'], 'Running'],
    ['Always', ['run', 'wait'], 'Pending'],
    ['Always', ['none', 'run'], 'Pending'],
    ['Always', ['ok', 'ok'], 'Running'],
    ['Always', ['fail', 'back-fail'], 'Running'],
    ['Always', ['fail', 'ok'], 'Failed', true],
    ['Always', ['ok', 'ok'], 'Succeeded', true],
    ['OnFailure', ['run', 'ok'], 'Running'],
    ['OnFailure', ['ok', 'ok'], 'Succeeded'],
    ['OnFailure', ['fail', 'ok'], 'Running'],
    ['Never', ['ok', 'ok'], 'Succeeded'],
    ['Never', ['fail', 'ok'], 'Failed'],
    ['Never', ['run', 'fail'], 'Running'],
  ];
  it.each(plain)('with %s and %j is %s', (policy, regular, phase, terminal) => {
    expect(phaseOf(policy, [], regular, terminal)).toBe(phase);
  });

  const withInit: [string, [string, Short][], Short[], PodPhase][] = [
    ['Always', [['init', 'run']], ['wait'], 'Pending'],
    ['Always', [['init', 'ok']], ['wait'], 'Pending'],
    ['Always', [['init', 'ok']], ['run'], 'Running'],
    ['Always', [['init', 'back-fail']], ['wait'], 'Pending'],
    ['Never', [['init', 'fail']], ['wait'], 'Failed'],
    ['OnFailure', [['init', 'fail']], ['wait'], 'Pending'],
    ['Always', [['side', 'starting']], ['wait'], 'Pending'],
    ['Always', [['side', 'run']], ['run'], 'Running'],
    ['Always', [['side', 'back-fail']], ['run'], 'Running'],
    ['Never', [['side', 'run']], ['ok'], 'Running'],
    ['Never', [['side', 'ok']], ['ok'], 'Succeeded'],
    ['Never', [['side', 'fail']], ['ok'], 'Succeeded'],
  ];
  it.each(withInit)('with %s, init %j and %j is %s', (policy, init, regular, phase) => {
    expect(phaseOf(policy, init, regular)).toBe(phase);
  });
});
