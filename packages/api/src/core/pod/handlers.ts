import type * as k8s from '../../generated/types.ts';
import { forbidden, invalid, notSupported, required } from '../../meta/field-error.ts';
import { isHTTPHeaderName } from '../../validation/formats.ts';
import { addMessages, checkNonNegative, checkPortNumOrName, checkRequired } from './checks.ts';
import { STOP_SIGNALS } from './stop-signals.ts';
import type { Errors } from './types.ts';

/** Probes and lifecycle hooks share what they do: exec, HTTP, TCP, gRPC, sleep. */
interface Handler {
  exec?: k8s.ExecAction;
  httpGet?: k8s.HTTPGetAction;
  tcpSocket?: k8s.TCPSocketAction;
  grpc?: k8s.GRPCAction;
  sleep?: k8s.SleepAction;
}

/** In upstream's order; a handler has exactly one. */
const KINDS = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const;
const PROBE_KINDS = KINDS.slice(0, 4);
const HOOK_KINDS = ['exec', 'httpGet', 'tcpSocket', 'sleep'] as const;

function validateHandler(
  handler: Handler,
  kinds: readonly (typeof KINDS)[number][],
  gracePeriod: number | undefined,
  path: string,
  errors: Errors,
): void {
  let found = false;
  for (const kind of kinds) {
    if (handler[kind] === undefined || handler[kind] === null) continue;
    if (found) {
      errors.push(forbidden(`${path}.${kind}`, 'may not specify more than 1 handler type'));
      continue;
    }
    found = true;
    validateAction(handler, kind, gracePeriod, `${path}.${kind}`, errors);
  }
  if (!found) errors.push(required(path, 'must specify a handler type'));
}

function validateAction(
  handler: Handler,
  kind: (typeof KINDS)[number],
  gracePeriod: number | undefined,
  path: string,
  errors: Errors,
): void {
  switch (kind) {
    case 'exec':
      if (!handler.exec?.command?.length) errors.push(required(`${path}.command`));
      break;
    case 'httpGet':
      validateHTTPGet(handler.httpGet as k8s.HTTPGetAction, path, errors);
      break;
    case 'tcpSocket':
      checkPortNumOrName(errors, `${path}.port`, handler.tcpSocket?.port);
      break;
    case 'grpc':
      checkPortNumOrName(errors, `${path}.port`, handler.grpc?.port);
      break;
    case 'sleep':
      validateSleep(handler.sleep?.seconds ?? 0, gracePeriod, path, errors);
  }
}

function validateHTTPGet(action: k8s.HTTPGetAction, path: string, errors: Errors): void {
  checkRequired(errors, `${path}.path`, action.path);
  checkPortNumOrName(errors, `${path}.port`, action.port);
  if (action.scheme !== 'HTTP' && action.scheme !== 'HTTPS') {
    errors.push(notSupported(`${path}.scheme`, action.scheme ?? '', ['HTTP', 'HTTPS']));
  }
  for (const header of action.httpHeaders ?? []) {
    addMessages(errors, `${path}.httpHeaders`, header.name ?? '', isHTTPHeaderName(header.name ?? ''));
  }
}

/** KEP-3960; an invalid grace period is reported elsewhere. */
function validateSleep(seconds: number, gracePeriod: number | undefined, path: string, errors: Errors): void {
  if (gracePeriod === undefined || (seconds >= 0 && seconds <= gracePeriod)) return;
  const detail = `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriod})`;
  errors.push(invalid(path, seconds, detail));
}

export function validateLifecycle(
  lifecycle: k8s.Lifecycle,
  gracePeriod: number | undefined,
  os: string | undefined,
  path: string,
  errors: Errors,
): void {
  for (const hook of ['postStart', 'preStop'] as const) {
    const handler = lifecycle[hook];
    if (handler !== undefined) validateHandler(handler, HOOK_KINDS, gracePeriod, `${path}.${hook}`, errors);
  }
  if (lifecycle.stopSignal !== undefined)
    validateStopSignal(lifecycle.stopSignal, os, `${path}.stopSignal`, errors);
}

/** KEP-4960: which signals exist depends on the operating system. */
function validateStopSignal(signal: string, os: string | undefined, path: string, errors: Errors): void {
  const supported = os === undefined ? undefined : STOP_SIGNALS.get(os);
  if (os === undefined) {
    errors.push(forbidden(path, 'may not be set for containers with empty `spec.os.name`'));
  } else if (supported !== undefined && !supported.includes(signal)) {
    errors.push(notSupported(path, signal, supported));
  }
}

const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;
export type ProbeField = (typeof PROBES)[number];
export const PROBE_FIELDS: readonly ProbeField[] = PROBES;

export function validateProbes(container: k8s.Container, path: string, errors: Errors): void {
  for (const field of PROBES) {
    const probe = container[field];
    if (probe !== undefined) validateProbe(field, probe, `${path}.${field}`, errors);
  }
}

function validateProbe(field: ProbeField, probe: k8s.Probe, path: string, errors: Errors): void {
  validateHandler(probe, PROBE_KINDS, undefined, path, errors);
  checkNonNegative(errors, `${path}.initialDelaySeconds`, probe.initialDelaySeconds);
  checkNonNegative(errors, `${path}.timeoutSeconds`, probe.timeoutSeconds);
  checkNonNegative(errors, `${path}.periodSeconds`, probe.periodSeconds);
  checkNonNegative(errors, `${path}.successThreshold`, probe.successThreshold);
  checkNonNegative(errors, `${path}.failureThreshold`, probe.failureThreshold);
  const grace = probe.terminationGracePeriodSeconds;
  if (grace !== undefined && grace <= 0) {
    errors.push(invalid(`${path}.terminationGracePeriodSeconds`, grace, 'must be greater than 0'));
  }
  if (field === 'readinessProbe') {
    if (grace !== undefined) {
      const detail = 'must not be set for readinessProbes';
      errors.push(invalid(`${path}.terminationGracePeriodSeconds`, grace, detail));
    }
  } else if (probe.successThreshold !== 1) {
    errors.push(invalid(`${path}.successThreshold`, probe.successThreshold ?? 0, 'must be 1'));
  }
}
