import { Quantity } from '@sampan/base';
import type * as k8s from '../../generated/types.ts';
import { duplicate, forbidden, invalid, notFound, notSupported, required } from '../../meta/field-error.ts';
import {
  containerResourceNameErrors,
  isHugePages,
  isOvercommitAllowed,
  resourceNameErrors,
  resourceQuantityErrors,
} from '../resource-names.ts';
import { quantity, sortedEntries } from '../shared.ts';
import { aggregateContainerRequests } from './aggregate.ts';
import { checkDNS1123Label } from './checks.ts';
import type { Errors, PodContext } from './types.ts';

type ResourceList = Record<string, string> | undefined;
type NameRule = (name: string, field: string) => ReturnType<typeof resourceNameErrors>;

const isCpuOrMemory = (name: string): boolean => name === 'cpu' || name === 'memory';

/** Is the resource one that a whole pod may ask for (KEP-2837)? */
export function isPodLevelResource(name: string): boolean {
  return isCpuOrMemory(name) || isHugePages(name);
}

function podResourceNameErrors(name: string, field: string): ReturnType<typeof resourceNameErrors> {
  const errors = resourceNameErrors(name, field);
  if (errors.length > 0 || isPodLevelResource(name)) return errors;
  return [notSupported(field, name, ['cpu', 'hugepages-', 'memory'])];
}

/** ValidateContainerResourceRequirements. */
export function validateContainerResources(
  resources: k8s.ResourceRequirements | undefined,
  claimNames: ReadonlySet<string>,
  path: string,
  context: PodContext,
  errors: Errors,
): void {
  if (resources === undefined) return;
  validateRequirements(resources, containerResourceNameErrors, claimNames, path, context, errors);
}

function validateRequirements(
  { limits, requests, claims }: k8s.ResourceRequirements,
  nameErrors: NameRule,
  claimNames: ReadonlySet<string>,
  path: string,
  context: PodContext,
  errors: Errors,
): void {
  let computes = false;
  let hugePages = false;
  for (const [name, value] of sortedEntries(limits)) {
    const at = `${path}.limits[${name}]`;
    validateAmount(name, value, at, nameErrors, context, errors);
    computes ||= isCpuOrMemory(name);
    hugePages ||= isHugePages(name);
  }
  for (const [name, value] of sortedEntries(requests)) {
    const at = `${path}.requests[${name}]`;
    validateAmount(name, value, at, nameErrors, context, errors);
    validateAgainstLimit(name, value, limits, path, errors);
    computes ||= isCpuOrMemory(name);
    hugePages ||= isHugePages(name);
  }
  if (hugePages && !computes) errors.push(forbidden(path, 'HugePages require cpu or memory'));
  if (claims !== undefined) validateClaimNames(claims, claimNames, `${path}.claims`, errors);
}

function validateAmount(
  name: string,
  value: string,
  field: string,
  nameErrors: NameRule,
  context: PodContext,
  errors: Errors,
): void {
  errors.push(...nameErrors(name, field), ...resourceQuantityErrors(name, value, field));
  if (isHugePages(name) && context.allowed.indivisibleHugePages !== true && !isDivisible(name, value)) {
    const shown = quantity(value).toString();
    errors.push(invalid(field, shown, `${shown} is not positive integer multiple of ${name}`));
  }
}

/** Is the amount a whole number of pages of the size in the name (`hugepages-2Mi`)? */
function isDivisible(name: string, value: string): boolean {
  const size = Quantity.tryParse(name.slice('hugepages-'.length))?.scaled(0) ?? 0n;
  return size > 0n && quantity(value).scaled(0) % size === 0n;
}

function validateAgainstLimit(
  name: string,
  value: string,
  limits: ResourceList,
  path: string,
  errors: Errors,
): void {
  const limit = limits !== undefined && Object.hasOwn(limits, name) ? limits[name] : undefined;
  if (limit === undefined) {
    if (!isOvercommitAllowed(name)) {
      errors.push(required(`${path}.limits`, 'Limit must be set for non overcommitable resources'));
    }
    return;
  }
  const requested = quantity(value);
  const limited = quantity(limit);
  const comparison = requested.compare(limited);
  if (comparison !== 0 && !isOvercommitAllowed(name)) {
    errors.push(
      invalid(`${path}.requests`, requested.toString(), `must be equal to ${name} limit of ${limited}`),
    );
  } else if (comparison > 0) {
    const detail = `must be less than or equal to ${name} limit of ${limited}`;
    errors.push(invalid(`${path}.requests`, requested.toString(), detail));
  }
}

function validateClaimNames(
  claims: readonly k8s.ResourceClaim[],
  podClaims: ReadonlySet<string>,
  path: string,
  errors: Errors,
): void {
  const seen = new Set<string>();
  // Claims of which a single request has been referenced.
  const partial = new Set<string>();
  claims.forEach((claim, i) => {
    const at = `${path}[${i}]`;
    const name = claim.name ?? '';
    if (name === '') {
      errors.push(required(at));
      return;
    }
    if (seen.has(name)) errors.push(duplicate(at, name));
    else {
      let key = name;
      if (claim.request) {
        checkDNS1123Label(errors, `${at}.request`, claim.request);
        key += `/${claim.request}`;
      }
      if (seen.has(key)) errors.push(duplicate(at, key));
      else if (!claim.request && partial.has(name)) errors.push(duplicate(at, name));
      seen.add(key);
      if (claim.request) partial.add(name);
    }
    if (!podClaims.has(name)) {
      const known = podClaims.size === 0 ? ' which is empty' : `: ${[...podClaims].sort().join(', ')}`;
      errors.push({
        ...notFound(at, name),
        detail: `must be one of the names in pod.spec.resourceClaims${known}`,
      });
    }
  });
}

/** validateOverhead. */
export function validateOverhead(
  overhead: Record<string, string>,
  path: string,
  context: PodContext,
  errors: Errors,
): void {
  validateContainerResources({ limits: overhead }, new Set(), path, context, errors);
}

/** The resources of the pod as a whole (KEP-2837): validatePodResources. */
export function validatePodLevelResources(
  spec: k8s.PodSpec,
  claimNames: ReadonlySet<string>,
  path: string,
  context: PodContext,
  errors: Errors,
): void {
  const resources = spec.resources;
  if (resources === undefined) return;
  if (resources.claims !== undefined) {
    errors.push(forbidden(`${path}.claims`, 'claims cannot be set for Resources at pod-level'));
  }
  validateRequirements(resources, podResourceNameErrors, claimNames, path, context, errors);
  const requests = resources.requests ?? {};
  for (const [name, total] of aggregateContainerRequests(spec)) {
    if (!isPodLevelResource(name)) continue;
    const requested = quantity(Object.hasOwn(requests, name) ? requests[name] : undefined);
    if (total.compare(requested) <= 0) continue;
    const detail = `must be greater than or equal to aggregate container requests of ${total}`;
    errors.push(invalid(`${path}.requests[${name}]`, requested.toString(), detail));
  }
  const limits = resources.limits ?? {};
  spec.containers?.forEach((container, i) => {
    for (const [name, value] of sortedEntries(container.resources?.limits)) {
      if (!Object.hasOwn(limits, name) || quantity(value).compare(quantity(limits[name])) <= 0) continue;
      const detail = `must be less than or equal to pod limits of ${quantity(limits[name])}`;
      errors.push(invalid(`${path}.containers[${i}][${name}].limits`, quantity(value).toString(), detail));
    }
  });
}
