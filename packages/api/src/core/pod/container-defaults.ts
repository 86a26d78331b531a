import type * as k8s from '../../generated/types.ts';
import { roundToMilli } from './defaults.ts';
import { PROBE_FIELDS } from './handlers.ts';
import { defaultPullPolicy } from './image.ts';

/** SetDefaults_Container and the defaults of all it holds. */
export function setContainerDefaults(container: k8s.Container): void {
  container.imagePullPolicy ||= defaultPullPolicy(container.image ?? '');
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  container.resources ??= {};
  roundToMilli(container.resources.limits);
  roundToMilli(container.resources.requests);
  for (const port of container.ports ?? []) port.protocol ||= 'TCP';
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.fieldRef !== undefined) valueFrom.fieldRef.apiVersion ||= 'v1';
    if (valueFrom?.fileKeyRef !== undefined) valueFrom.fileKeyRef.optional ??= false;
  }
  for (const field of PROBE_FIELDS) {
    const probe = container[field];
    if (probe !== undefined) setProbeDefaults(probe);
  }
  for (const hook of [container.lifecycle?.postStart, container.lifecycle?.preStop]) {
    if (hook?.httpGet !== undefined) setHTTPGetDefaults(hook.httpGet);
  }
}

function setProbeDefaults(probe: k8s.Probe): void {
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  if (probe.httpGet !== undefined) setHTTPGetDefaults(probe.httpGet);
  if (probe.grpc !== undefined) probe.grpc.service ??= '';
}

function setHTTPGetDefaults(action: k8s.HTTPGetAction): void {
  action.path ||= '/';
  action.scheme ||= 'HTTP';
}
