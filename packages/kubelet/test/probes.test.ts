import type { k8s } from '@sampan/api';
import { silentLogger, systemClock } from '@sampan/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PodRunner, Probes } from '../src/index.ts';
import { canRunContainers, Reports, shell, TestNode, testPod } from './support.ts';

const able = await canRunContainers();

/** A runner and its probes, wired as an agent does. */
class Probed {
  readonly reports = new Reports();
  readonly runner: PodRunner;
  readonly probes: Probes;
  readonly #pods = new Map<string, k8s.Pod>();

  constructor(node: TestNode) {
    const { reports } = this;
    this.probes = new Probes({
      runtime: node.runtime,
      clock: systemClock,
      logger: silentLogger,
      address: (_, host) => host,
      report: (uid, id, results) => this.runner.setProbe(uid, id, results),
      tell: (uid, event) => reports.event(uid, event),
    });
    this.runner = new PodRunner(node.services(), {
      status: (uid, report) => {
        reports.status(uid, report);
        const pod = this.#pods.get(uid);
        if (pod) this.probes.update(pod, report.status);
      },
      event: (uid, event) => reports.event(uid, event),
    });
  }

  set(pod: k8s.Pod): void {
    const uid = pod.metadata?.uid ?? '';
    this.#pods.set(uid, pod);
    this.runner.set(pod);
    const last = this.reports.last(pod);
    if (last) this.probes.update(pod, last.status);
  }

  async remove(pod: k8s.Pod): Promise<void> {
    const deletionTimestamp = new Date().toISOString();
    this.set({ ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: 0 } });
    await this.reports.until(pod, ({ ended }) => ended);
    this.probes.forget(pod.metadata?.uid ?? '');
    await this.runner.forget(pod.metadata?.uid ?? '');
  }

  async close(): Promise<void> {
    this.probes.close();
    await this.runner.close();
  }

  messages(pod: k8s.Pod, reason: string): string[] {
    const start = `${pod.metadata?.uid} ${reason} `;
    return this.reports.events
      .filter((line) => line.startsWith(start))
      .map((line) => line.slice(start.length));
  }
}

describe.skipIf(!able)('probes of real containers', () => {
  let node: TestNode;
  let probed: Probed;

  beforeAll(async () => {
    node = await TestNode.start();
    probed = new Probed(node);
  });

  afterAll(async () => {
    await probed?.close();
    await node?.stop();
  });

  const web = 'mkdir /tmp/w; echo hi >/tmp/w/ready; exec busybox httpd -f -p 8080 -h /tmp/w';

  it('makes a pod ready when its page answers, and not ready when it does so no more', async () => {
    const app = shell('app', `sleep 0.4; ${web}`, {
      ports: [{ name: 'web', containerPort: 8080 }],
      readinessProbe: { httpGet: { port: 'web', path: '/ready' }, periodSeconds: 1, failureThreshold: 1 },
    });
    const pod = testPod('ready', { containers: [app] });
    probed.set(pod);
    const ready = (status: string) =>
      probed.reports.until(pod, (r) =>
        (r.status.conditions ?? []).some((each) => each.type === 'Ready' && each.status === status),
      );
    const { status } = await ready('True');
    const id = status.containerStatuses?.[0]?.containerID?.replace('containerd://', '') ?? '';
    await node.runtime.exec(id, ['busybox', 'rm', '/tmp/w/ready'], 5000);
    await ready('False');
    expect(probed.messages(pod, 'Unhealthy')).toContain(
      'Readiness probe failed: HTTP probe failed with statuscode: 404',
    );
    await node.runtime.exec(id, ['touch', '/tmp/w/ready'], 5000);
    await ready('True');
    await probed.remove(pod);
  });

  it('restarts a container that is alive no more, with the grace of its probe', async () => {
    const app = shell('app', 'trap "" TERM; touch /tmp/ok; sleep 1; busybox rm /tmp/ok; sleep 1000', {
      livenessProbe: {
        exec: { command: ['cat', '/tmp/ok'] },
        periodSeconds: 1,
        failureThreshold: 1,
        terminationGracePeriodSeconds: 1,
      },
    });
    const pod = testPod('alive', { containers: [app], terminationGracePeriodSeconds: 600 });
    probed.set(pod);
    const { status } = await probed.reports.until(
      pod,
      (r) => (r.status.containerStatuses?.[0]?.restartCount ?? 0) > 0,
    );
    expect(status.containerStatuses?.[0]?.lastState?.terminated?.exitCode).toBe(137);
    expect(probed.messages(pod, 'Killing')).toEqual([
      'Container app failed liveness probe, will be restarted',
    ]);
    expect(probed.messages(pod, 'Unhealthy')[0]).toMatch(/^Liveness probe failed: cat: .*No such file/);
    await probed.remove(pod);
  });

  it('lets a sidecar start up before what comes after it', async () => {
    const side = shell('side', 'sleep 0.5; exec busybox httpd -f -p 9000', {
      restartPolicy: 'Always',
      startupProbe: { tcpSocket: { port: 9000 }, periodSeconds: 1 },
    });
    const pod = testPod('side', { initContainers: [side], containers: [shell('app', 'sleep 1000')] });
    probed.set(pod);
    const { status } = await probed.reports.until(pod, (r) => r.status.phase === 'Running');
    const [first] = status.initContainerStatuses ?? [];
    expect(first).toMatchObject({ started: true, ready: true });
    const list = await node.runtime.listContainers(pod.metadata?.uid);
    const [app, before] = list.sort((a, b) => b.createdAt - a.createdAt);
    expect([app?.name, before?.name]).toEqual(['app', 'side']);
    expect((app?.createdAt ?? 0) - (before?.createdAt ?? 0)).toBeGreaterThan(500);
    await probed.remove(pod);
  });

  it('ends a pod whose start takes too long and that is not restarted', async () => {
    const app = shell('app', 'exec sleep 1000', {
      startupProbe: { tcpSocket: { port: 81 }, periodSeconds: 1, failureThreshold: 2 },
    });
    const pod = testPod('slow', {
      containers: [app],
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 0,
    });
    probed.set(pod);
    const { status } = await probed.reports.until(pod, ({ ended }) => ended);
    expect(status.phase).toBe('Failed');
    expect(probed.messages(pod, 'Killing')).toContain('Container app failed startup probe');
    expect(probed.messages(pod, 'Unhealthy')[0]).toMatch(
      /^Startup probe failed: dial tcp [\d.]+:81: connect: connection refused$/,
    );
    await probed.remove(pod);
  });

  it('keeps a pod ready that a new agent finds so', async () => {
    const app = shell('app', web, {
      readinessProbe: { httpGet: { port: 8080, path: '/ready' }, periodSeconds: 3 },
      startupProbe: { tcpSocket: { port: 8080 } },
    });
    const pod = testPod('kept', { containers: [app] });
    const former = new Probed(node);
    former.set(pod);
    const isReady = (status: k8s.PodStatus) => status.containerStatuses?.[0]?.ready === true;
    const { status } = await former.reports.until(pod, (r) => isReady(r.status));
    await former.close();
    const next = new Probed(node);
    const told: boolean[] = [];
    const take = next.reports.status.bind(next.reports);
    next.reports.status = (uid, report) => {
      told.push(isReady(report.status));
      take(uid, report);
    };
    next.set({ ...pod, status });
    await next.reports.until(pod, (r) => isReady(r.status));
    expect(new Set(told)).toEqual(new Set([true]));
    await next.remove(pod);
    await next.close();
  });
});
