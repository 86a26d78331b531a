import type * as k8s from '../../generated/types.ts';
import { invalid, notSupported, required } from '../../meta/field-error.ts';
import { isQualifiedName } from '../../validation/label-syntax.ts';
import { quantity } from '../shared.ts';
import { addMessages } from './checks.ts';
import type { Errors } from './types.ts';

/** What a pod may learn of itself by environment variables and files (Kubernetes docs, "Downward API"). */

/** In upstream's order: sorted. */
export const ENV_FIELD_PATHS: readonly string[] = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
export const VOLUME_FIELD_PATHS: readonly string[] = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];
const KNOWN_PATHS: ReadonlySet<string> = new Set([
  ...ENV_FIELD_PATHS,
  ...VOLUME_FIELD_PATHS,
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
]);
const RESOURCES: readonly string[] = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
const HUGE_PAGES = /^(?:requests|limits)\.hugepages-/;
const BYTE_DIVISORS = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

/** `metadata.labels['key']` into path and key (fieldpath.SplitMaybeSubscriptedPath). */
function splitSubscript(path: string): { path: string; subscript?: string } {
  const open = path.indexOf("['");
  if (!path.endsWith("']") || open <= 0) return { path };
  return { path: path.slice(0, open), subscript: path.slice(open + 2, -2) };
}

/** validateObjectFieldSelector. */
export function validateFieldReference(
  reference: k8s.ObjectFieldSelector,
  supported: readonly string[],
  path: string,
  errors: Errors,
): void {
  if (!reference.apiVersion) {
    errors.push(required(`${path}.apiVersion`));
    return;
  }
  if (!reference.fieldPath) {
    errors.push(required(`${path}.fieldPath`));
    return;
  }
  const problem = conversionError(reference.apiVersion, reference.fieldPath);
  if (problem !== undefined) {
    errors.push(invalid(`${path}.fieldPath`, reference.fieldPath, `error converting fieldPath: ${problem}`));
    return;
  }
  const { path: field, subscript } = splitSubscript(reference.fieldPath);
  if (subscript === undefined) {
    const name = field === 'spec.host' ? 'spec.nodeName' : field;
    if (!supported.includes(name)) errors.push(notSupported(`${path}.fieldPath`, name, supported));
  } else {
    const key = field === 'metadata.annotations' ? subscript.toLowerCase() : subscript;
    addMessages(errors, path, key, isQualifiedName(key));
  }
}

/** ConvertDownwardAPIFieldLabel. */
function conversionError(apiVersion: string, label: string): string | undefined {
  if (apiVersion !== 'v1') return `unsupported pod version: ${apiVersion}`;
  const { path, subscript } = splitSubscript(label);
  if (subscript !== undefined) {
    const supported = path === 'metadata.annotations' || path === 'metadata.labels';
    return supported ? undefined : `field label does not support subscript: ${label}`;
  }
  return KNOWN_PATHS.has(path) || path === 'spec.host' ? undefined : `field label not supported: ${label}`;
}

/** validateContainerResourceFieldSelector; volumes must name the container. */
export function validateResourceReference(
  reference: k8s.ResourceFieldSelector,
  inVolume: boolean,
  path: string,
  errors: Errors,
): void {
  const name = reference.resource ?? '';
  if (inVolume && !reference.containerName) errors.push(required(`${path}.containerName`));
  else if (name === '') errors.push(required(`${path}.resource`));
  else if (!RESOURCES.includes(name) && !HUGE_PAGES.test(name)) {
    errors.push(notSupported(`${path}.resource`, name, RESOURCES));
  }
  validateDivisor(name, reference.divisor, path, errors);
}

function validateDivisor(name: string, divisor: string | undefined, path: string, errors: Errors): void {
  const amount = quantity(divisor);
  if (amount.isZero()) return;
  const kind = name.slice(name.indexOf('.') + 1);
  const shown = amount.toString();
  if (kind === 'cpu') {
    if (shown === '1' || shown === '1m') return;
    errors.push(
      invalid(`${path}.divisor`, name, "only divisor's values 1m and 1 are supported with the cpu resource"),
    );
    return;
  }
  const what =
    kind === 'memory'
      ? 'memory'
      : kind === 'ephemeral-storage'
        ? 'local ephemeral storage'
        : HUGE_PAGES.test(name)
          ? 'hugepages'
          : undefined;
  if (what === undefined || BYTE_DIVISORS.includes(shown)) return;
  const detail = `only divisor's values ${BYTE_DIVISORS.join(', ')} are supported with the ${what} resource`;
  errors.push(invalid(`${path}.divisor`, name, detail));
}
