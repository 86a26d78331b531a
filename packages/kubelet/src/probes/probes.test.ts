import type { k8s } from '@sampan/api';
import { FakeClock, silentLogger } from '@sampan/base';
import { beforeEach, describe, expect, it } from 'vitest';
import { Probes } from './probes.ts';

const START = Date.UTC(2026, 0, 1);

/** Lets what awaits go on. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

describe('probing', () => {
  let clock: FakeClock;
  let probes: Probes;
  /** What the next commands exit with; the last one stays. */
  let exits: (number | Error)[];
  let asked: number[];
  let said: string[];
  let events: string[];
  let pod: k8s.Pod;
  let container: k8s.ContainerStatus;

  beforeEach(() => {
    clock = new FakeClock(START);
    exits = [0];
    asked = [];
    said = [];
    events = [];
    container = {
      name: 'app',
      containerID: 'containerd://c1',
      state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
      started: true,
      ready: false,
      restartCount: 0,
      image: '',
      imageID: '',
    };
    probes = makeProbes();
  });

  const makeProbes = () =>
    new Probes({
      runtime: {
        exec: async () => {
          asked.push((clock.now() - START) / 1000);
          const next = exits.length > 1 ? exits.shift() : exits[0];
          if (next instanceof Error) throw next;
          return { exitCode: next ?? 0, stdout: Buffer.from('out '), stderr: Buffer.from('err') };
        },
      },
      clock,
      logger: silentLogger,
      address: (_, host) => host,
      random: () => 0.5,
      report: (_, id, results) => said.push(`${id} ${JSON.stringify(results)}`),
      tell: (_, { type, reason, message, fieldPath }) =>
        events.push(`${type} ${reason} ${fieldPath}: ${message}`),
    });

  const probe = (more: Partial<k8s.Probe> = {}): k8s.Probe => ({ exec: { command: ['x'] }, ...more });
  const podWith = (more: Partial<k8s.Container>): void => {
    pod = { metadata: { uid: 'u' }, spec: { containers: [{ name: 'app', ...more }] } };
  };
  const update = (more: Partial<k8s.ContainerStatus> = {}): void => {
    container = { ...container, ...more };
    probes.update(pod, { phase: 'Running', podIP: '10.0.0.1', containerStatuses: [container] });
  };
  const pass = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds * 10; i++) {
      clock.advance(100);
      await settle();
    }
  };

  it('begins after the initial delay and goes on once a period', async () => {
    podWith({ readinessProbe: probe({ initialDelaySeconds: 3, periodSeconds: 5 }) });
    update();
    await pass(14);
    expect(asked).toEqual([3, 8, 13]);
    expect(said).toEqual(Array(3).fill('c1 {"readiness":"success"}'));
  });

  it('condemns after as many failures in a row as it may, and asks no more', async () => {
    podWith({ livenessProbe: probe({ periodSeconds: 1, failureThreshold: 2 }) });
    exits = [1, 0, 1, 1, 0];
    update();
    await pass(10);
    expect(asked).toEqual([0, 1, 2, 3].map((second) => second + (asked[0] ?? 0)));
    expect(said).toEqual(['c1 {"liveness":"success"}', 'c1 {"liveness":"failure"}']);
    expect(events[0]).toBe('Warning Unhealthy spec.containers{app}: Liveness probe failed: out err');
    update({ containerID: 'containerd://c2', state: { running: { startedAt: '2026-01-01T00:00:10Z' } } });
    await pass(1);
    expect(said.at(-1)).toBe('c2 {"liveness":"success"}');
  });

  it('leaves the others until the startup probe has succeeded', async () => {
    podWith({ startupProbe: probe({ periodSeconds: 2 }), readinessProbe: probe() });
    exits = [1, 0];
    update({ started: false });
    await pass(3);
    expect(asked).toHaveLength(2);
    expect(said).toEqual(['c1 {"startup":"success"}']);
    update({ started: true });
    await pass(3);
    expect(said).toEqual(['c1 {"startup":"success"}', 'c1 {"readiness":"success"}']);
  });

  it('needs as many successes as it should', async () => {
    podWith({ readinessProbe: probe({ periodSeconds: 1, successThreshold: 3 }) });
    update();
    await pass(1.9);
    expect(said).toEqual([]);
    await pass(1);
    expect(said).toEqual(['c1 {"readiness":"success"}']);
  });

  it('thinks nothing of a probe that cannot be made, and says so after three tries', async () => {
    podWith({ readinessProbe: probe({ periodSeconds: 60 }) });
    exits = [new Error('no such container')];
    update();
    await pass(1);
    expect(asked).toHaveLength(3);
    expect(said).toEqual([]);
    expect(events).toEqual([
      'Warning Unhealthy spec.containers{app}: Readiness probe errored and resulted in unknown state: no such container',
    ]);
  });

  it('keeps what was known of containers that it finds, and does not probe them all at once', async () => {
    podWith({ readinessProbe: probe({ periodSeconds: 10 }), startupProbe: probe() });
    clock.advance(60_000);
    probes = makeProbes();
    update({ ready: true, started: true });
    expect(said).toEqual(['c1 {"startup":"success"}', 'c1 {"readiness":"success"}']);
    await pass(6);
    expect(asked).toEqual([65]);
  });

  it('asks what is ending only whether it is ready', async () => {
    podWith({
      readinessProbe: probe({ periodSeconds: 1 }),
      livenessProbe: probe({ periodSeconds: 1 }),
    });
    update();
    await pass(0.5);
    said.length = 0;
    pod = { ...pod, metadata: { ...pod.metadata, deletionTimestamp: '2026-01-01T00:00:01Z' } };
    update();
    await pass(3);
    expect(new Set(said)).toEqual(new Set(['c1 {"readiness":"success"}']));
  });

  it('stops when the container ends, the pod is over or forgotten', async () => {
    podWith({ readinessProbe: probe({ periodSeconds: 1 }) });
    update();
    await pass(0.5);
    update({ state: { terminated: { exitCode: 0 } } });
    await pass(5);
    expect(asked).toHaveLength(1);
    update({ containerID: 'containerd://c2', state: { running: { startedAt: '2026-01-01T00:00:05Z' } } });
    await pass(0.5);
    expect(asked).toHaveLength(2);
    probes.forget('u');
    await pass(5);
    expect(asked).toHaveLength(2);
  });

  it('makes up at once for probes that were missed, however many they were', async () => {
    podWith({ readinessProbe: probe({ periodSeconds: 1 }) });
    update();
    clock.advance(0);
    clock.advance(3500);
    await settle();
    await pass(1.4);
    // the one at 0 was answered at 3.5 only
    expect(asked).toEqual([0, 3.5, 4]);
  });
});
