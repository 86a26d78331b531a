import type { k8s } from '@sampan/api';
import type { ContainerRuntime } from '../runtime/index.ts';
import { probeExec } from './exec-probe.ts';
import { probeGrpc } from './grpc-probe.ts';
import { probeHttp } from './http-probe.ts';
import type { ProbeOutcome } from './probe-outcome.ts';
import { type ProbePlace, probePort } from './probe-place.ts';
import { probeTiming } from './probe-run.ts';
import { probeTcp } from './tcp-probe.ts';

/** What a probe is made to. */
export interface ProbeSubject {
  readonly pod: k8s.Pod;
  readonly container: k8s.Container;
  readonly containerId: string;
  /** Empty: it has none yet. */
  readonly podIP: string;
}

export interface ProbeMeans {
  readonly runtime: Pick<ContainerRuntime, 'exec'>;
  /**
   * What the machine dials to reach an address as the pod's network knows it: the pod's own, or a `host` that its
   * author wrote. Throws when the pod must not have that probed.
   */
  readonly address: (pod: k8s.Pod, host: string) => string;
}

/** One probe, once. Throws when it cannot be made, or `signal` aborts. */
export async function makeProbe(
  means: ProbeMeans,
  subject: ProbeSubject,
  probe: k8s.Probe,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const { container, containerId } = subject;
  const { timeoutMs } = probeTiming(probe);
  const { exec, httpGet, tcpSocket, grpc } = probe;
  if (exec) return probeExec(means.runtime, containerId, exec, container, timeoutMs);
  if (httpGet) {
    const { path = '', scheme = 'HTTP', httpHeaders = [] } = httpGet;
    const more = { path, secure: scheme.toUpperCase() === 'HTTPS', headers: httpHeaders };
    return probeHttp({ ...placeOf(means, subject, httpGet), ...more }, timeoutMs, signal);
  }
  if (tcpSocket) return probeTcp(placeOf(means, subject, tcpSocket), timeoutMs, signal);
  if (grpc) {
    const place = placeOf(means, subject, { port: grpc.port });
    return probeGrpc({ ...place, service: grpc.service ?? '' }, timeoutMs, signal);
  }
  throw new Error(`missing probe handler for ${container.name}`);
}

function placeOf(
  { address }: ProbeMeans,
  { pod, container, podIP }: ProbeSubject,
  { host, port }: { readonly host?: string | undefined; readonly port: number | string },
): ProbePlace {
  const named = host || podIP;
  if (named === '') throw new Error('the pod has no address');
  return { host: named, dial: address(pod, named), port: probePort(port, container) };
}
