import type * as k8s from '../../generated/types.ts';
import { duplicate, forbidden, invalid, notFound, notSupported, required } from '../../meta/field-error.ts';
import { isValidPortName, isValidPortNum } from '../../validation/formats.ts';
import { addMessages, checkDNS1123Label, checkEnum, checkRequired } from './checks.ts';
import { isSidecar } from './containers.ts';
import { validateEnv, validateEnvFrom } from './env.ts';
import { PROBE_FIELDS, validateLifecycle, validateProbes } from './handlers.ts';
import { validatePullPolicy } from './image.ts';
import { validateContainerResources } from './resources.ts';
import { forbidSidecarRules, validateRestartRules } from './restart-rules.ts';
import { validateSecurityContext } from './security-context.ts';
import type { AnyContainer, Errors, PodContext } from './types.ts';
import { validateVolumeUses } from './volume-mounts.ts';

/** What the containers of one pod have around them. */
export interface ContainerSurroundings {
  readonly spec: k8s.PodSpec;
  readonly volumes: ReadonlyMap<string, k8s.Volume>;
  readonly claims: ReadonlySet<string>;
  readonly context: PodContext;
}

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const MESSAGE_POLICIES = ['File', 'FallbackToLogsOnError'];
const NOT_INIT = 'may not be set for init containers without restartPolicy=Always';
const NOT_EPHEMERAL = 'cannot be set for an Ephemeral Container';
/** What a debugging container may not have; in the order of the fields of upstream's type. */
const FORBIDDEN_EPHEMERAL = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const;

/** validateContainers. */
export function validateContainers(around: ContainerSurroundings, path: string, errors: Errors): void {
  const containers = around.spec.containers ?? [];
  if (containers.length === 0) {
    errors.push(required(path));
    return;
  }
  const names = new Set<string>();
  containers.forEach((container, i) => {
    const at = `${path}[${i}]`;
    validateCommon(container, around, at, errors);
    checkName(names, container.name, at, errors);
    validateHooks(container, around, at, errors);
    validateRestartRules(container, at, errors);
  });
  checkHostPorts(containers, path, errors);
}

/** validateInitContainers. */
export function validateInitContainers(around: ContainerSurroundings, path: string, errors: Errors): void {
  const names = new Set((around.spec.containers ?? []).map((container) => container.name));
  around.spec.initContainers?.forEach((container, i) => {
    const at = `${path}[${i}]`;
    validateCommon(container, around, at, errors);
    validateRestartRules(container, at, errors);
    forbidSidecarRules(container, at, errors);
    if (container.name) checkName(names, container.name, at, errors);
    // Init containers run one by one; upstream's path has the index of the list checked here, 0.
    checkHostPorts([container], path, errors);
    if (isSidecar(container)) {
      validateHooks(container, around, at, errors);
    } else {
      if (container.lifecycle !== undefined) errors.push(forbidden(`${at}.lifecycle`, NOT_INIT));
      for (const probe of PROBE_FIELDS) {
        if (container[probe] !== undefined) errors.push(forbidden(`${at}.${probe}`, NOT_INIT));
      }
    }
  });
}

/** validateEphemeralContainers. */
export function validateEphemeralContainers(
  around: ContainerSurroundings,
  path: string,
  errors: Errors,
): void {
  const ephemeral = around.spec.ephemeralContainers;
  if (!ephemeral?.length) return;
  const { containers, initContainers } = around.spec;
  const others = new Set(
    [...(containers ?? []), ...(initContainers ?? [])].map((container) => container.name),
  );
  const names = new Set(others);
  ephemeral.forEach((container, i) => {
    const at = `${path}[${i}]`;
    validateCommon(container, around, at, errors);
    checkImagePadding(container, at, errors);
    checkName(names, container.name, at, errors);
    const target = container.targetContainerName;
    if (target && !others.has(target)) errors.push(notFound(`${at}.targetContainerName`, target));
    for (const field of FORBIDDEN_EPHEMERAL) {
      if (isSet(container[field])) errors.push(forbidden(`${at}.${field}`, NOT_EPHEMERAL));
    }
    container.volumeMounts?.forEach((mount, j) => {
      const mountAt = `${at}.volumeMounts[${j}]`;
      if (mount.subPath) errors.push(forbidden(`${mountAt}.subPath`, NOT_EPHEMERAL));
      if (mount.subPathExpr) errors.push(forbidden(`${mountAt}.subPathExpr`, NOT_EPHEMERAL));
    });
  });
}

/** A struct that Go does not write as a pointer is there even when empty. */
function isSet(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

/** validateContainerOnlyForPod: templates may have padded images, pods not. */
export function checkImagePadding(
  container: k8s.Container | k8s.EphemeralContainer,
  at: string,
  errors: Errors,
): void {
  const image = container.image ?? '';
  if (image !== image.trim()) {
    errors.push(invalid(`${at}.image`, image, 'must not have leading or trailing whitespace'));
  }
}

function checkName(names: Set<string>, name: string, at: string, errors: Errors): void {
  if (names.has(name)) errors.push(duplicate(`${at}.name`, name ?? ''));
  else names.add(name);
}

function validateHooks(
  container: k8s.Container,
  around: ContainerSurroundings,
  at: string,
  errors: Errors,
): void {
  if (container.lifecycle !== undefined) {
    const grace = around.spec.terminationGracePeriodSeconds;
    validateLifecycle(container.lifecycle, grace, around.spec.os?.name, `${at}.lifecycle`, errors);
  }
  validateProbes(container, at, errors);
}

/** validateContainerCommon. */
function validateCommon(
  container: AnyContainer,
  around: ContainerSurroundings,
  at: string,
  errors: Errors,
): void {
  const { spec, volumes, claims, context } = around;
  if (!container.name) errors.push(required(`${at}.name`));
  else checkDNS1123Label(errors, `${at}.name`, container.name);
  checkRequired(errors, `${at}.image`, container.image);
  checkEnum(errors, `${at}.terminationMessagePolicy`, container.terminationMessagePolicy, MESSAGE_POLICIES);
  if (container.ports?.length) validatePorts(container.ports, `${at}.ports`, errors);
  if (container.env?.length) validateEnv(container.env, `${at}.env`, errors);
  if (container.envFrom?.length) validateEnvFrom(container.envFrom, `${at}.envFrom`, errors);
  validateVolumeUses(container, volumes, at, errors);
  validatePullPolicy(container.imagePullPolicy, `${at}.imagePullPolicy`, errors);
  validateContainerResources(container.resources, claims, `${at}.resources`, context, errors);
  if (container.resizePolicy?.length) {
    validateResizePolicy(container.resizePolicy, spec.restartPolicy, `${at}.resizePolicy`, errors);
  }
  if (container.securityContext !== undefined) {
    validateSecurityContext(
      container.securityContext,
      `${at}.securityContext`,
      spec.hostUsers !== false,
      errors,
    );
  }
}

/** validateContainerPorts. */
function validatePorts(ports: readonly k8s.ContainerPort[], path: string, errors: Errors): void {
  const names = new Set<string>();
  ports.forEach((port, i) => {
    const at = `${path}[${i}]`;
    if (port.name) {
      const messages = isValidPortName(port.name);
      if (messages.length > 0) addMessages(errors, `${at}.name`, port.name, messages);
      else checkPortName(names, port.name, at, errors);
    }
    if (checkRequired(errors, `${at}.containerPort`, port.containerPort)) {
      addMessages(errors, `${at}.containerPort`, port.containerPort, isValidPortNum(port.containerPort));
    }
    if (port.hostPort) addMessages(errors, `${at}.hostPort`, port.hostPort, isValidPortNum(port.hostPort));
    checkEnum(errors, `${at}.protocol`, port.protocol, PROTOCOLS);
  });
}

function checkPortName(names: Set<string>, name: string, at: string, errors: Errors): void {
  if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
  names.add(name);
}

/** AccumulateUniqueHostPorts. */
function checkHostPorts(containers: readonly k8s.Container[], path: string, errors: Errors): void {
  const used = new Set<string>();
  containers.forEach((container, i) => {
    container.ports?.forEach((port, j) => {
      if (!port.hostPort) return;
      const key = `${port.protocol ?? ''}/${port.hostIP ?? ''}/${port.hostPort}`;
      if (used.has(key)) errors.push(duplicate(`${path}[${i}].ports[${j}].hostPort`, key));
      used.add(key);
    });
  });
}

/** Which resources may change without a restart (KEP-1287): validateResizePolicy. */
function validateResizePolicy(
  policies: readonly k8s.ContainerResizePolicy[],
  podPolicy: string | undefined,
  path: string,
  errors: Errors,
): void {
  const seen = new Set<string>();
  policies.forEach(({ resourceName, restartPolicy }, i) => {
    if (seen.has(resourceName)) errors.push(duplicate(`${path}[${i}]`, resourceName));
    seen.add(resourceName);
    checkEnum(errors, path, resourceName, ['cpu', 'memory']);
    if (!restartPolicy) errors.push(required(path));
    else if (restartPolicy !== 'NotRequired' && restartPolicy !== 'RestartContainer') {
      errors.push(notSupported(path, restartPolicy, ['NotRequired', 'RestartContainer']));
    }
    if (podPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      const detail = "must be 'NotRequired' when `restartPolicy` is 'Never'";
      errors.push(invalid(path, restartPolicy ?? '', detail));
    }
  });
}
