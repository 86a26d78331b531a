/** What a probe found; one that could not be made at all throws instead, and says nothing about the container. */
export interface ProbeOutcome {
  /** `warning`: a success that is told of. */
  readonly result: 'success' | 'failure' | 'warning';
  /** What `kubectl describe` shows of it. */
  readonly output: string;
}

/** No more of an answer is kept (kubelet maxRespBodyLength, maxReadLength). */
export const MOST_OUTPUT = 10 * 1024;

/** As upstream names itself to those whom it probes. */
export const PROBE_AGENT = 'kube-probe/1.36';

export function success(output = ''): ProbeOutcome {
  return { result: 'success', output };
}

export function failure(output: string): ProbeOutcome {
  return { result: 'failure', output };
}
