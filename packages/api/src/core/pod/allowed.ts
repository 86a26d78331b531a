import { Quantity } from '@sampan/base';
import type * as k8s from '../../generated/types.ts';
import { hasInvalidLabelValue, validateLabelSelector } from '../../validation/label-selector.ts';
import { isValidLabelValue } from '../../validation/label-syntax.ts';
import { isHugePages } from '../resource-names.ts';
import { quantity } from '../shared.ts';
import { isDeletionCost } from './annotations.ts';
import { visitContainers } from './containers.ts';
import type { AllowedForUpdate } from './types.ts';

const NOTHING: AllowedForUpdate = {};
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

/**
 * What an update may keep because the stored object has it: rules that became stricter must not make old
 * objects impossible to update or delete (GetValidationOptionsFromPodSpecAndMeta).
 */
export function allowedForUpdate(
  old: k8s.PodSpec | undefined,
  meta: k8s.ObjectMeta | undefined,
): AllowedForUpdate {
  if (old === undefined) return NOTHING;
  const cost = meta?.annotations?.[DELETION_COST];
  const ips = [...(old.dnsConfig?.nameservers ?? []), ...(old.hostAliases ?? []).map((alias) => alias.ip)];
  return {
    invalidPodDeletionCost: cost !== undefined && !isDeletionCost(cost),
    invalidLabelValueInSelector: podAffinityTerms(old).some(
      (term) => hasInvalidLabelValue(term.labelSelector) || hasInvalidLabelValue(term.namespaceSelector),
    ),
    invalidLabelValueInNodeAffinity: hasInvalidNodeAffinity(old),
    indivisibleHugePages: hasIndivisibleHugePages(old),
    invalidTopologySpreadSelector:
      old.topologySpreadConstraints?.some((c) => validateLabelSelector(c.labelSelector, '').length > 0) ??
      false,
    nonLocalProjectedTokenPath: hasNonLocalTokenPath(old),
    namespacedSysctlsOnHost:
      (old.securityContext?.sysctls?.length ?? 0) > 0 && Boolean(old.hostNetwork || old.hostIPC),
    ips,
  };
}

function podAffinityTerms(spec: k8s.PodSpec): k8s.PodAffinityTerm[] {
  return [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity].flatMap((affinity) => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((term) => term.podAffinityTerm),
  ]);
}

function hasInvalidNodeAffinity(spec: k8s.PodSpec): boolean {
  const terms =
    spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  return terms.some((term) =>
    term.matchExpressions?.some((e) => e.values?.some((value) => isValidLabelValue(value).length > 0)),
  );
}

function hasIndivisibleHugePages(spec: k8s.PodSpec): boolean {
  let found = false;
  visitContainers(spec, '', ({ resources }) => {
    for (const list of [resources?.limits, resources?.requests]) {
      for (const [name, value] of Object.entries(list ?? {})) {
        if (!isHugePages(name)) continue;
        const size = Quantity.tryParse(name.slice('hugepages-'.length))?.scaled(0) ?? 0n;
        if (size <= 0n || quantity(value).scaled(0) % size !== 0n) found = true;
      }
    }
  });
  return found;
}

function hasNonLocalTokenPath(spec: k8s.PodSpec): boolean {
  return (spec.volumes ?? []).some((volume) =>
    volume.projected?.sources?.some(({ serviceAccountToken: token }) => {
      const path = token?.path ?? '';
      return path.startsWith('/') || path.split('/').includes('..') || path.startsWith('..');
    }),
  );
}
