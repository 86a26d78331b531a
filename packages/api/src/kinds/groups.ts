/**
 * The order of groups and versions in discovery: upstream's default APIService priorities
 * (kubernetes pkg/controlplane/apiserver/aggregator.go). A higher number comes first.
 */
export interface GroupPriority {
  readonly group: string;
  /** groupPriorityMinimum */
  readonly priority: number;
  /** versionPriority by version. */
  readonly versions: Readonly<Record<string, number>>;
}

export const groupPriorities: readonly GroupPriority[] = [
  { group: '', priority: 18000, versions: { v1: 1 } },
  { group: 'apiregistration.k8s.io', priority: 18000, versions: { v1: 18 } },
  { group: 'apps', priority: 17800, versions: { v1: 15 } },
  { group: 'events.k8s.io', priority: 17750, versions: { v1: 15, v1beta1: 5 } },
  { group: 'authentication.k8s.io', priority: 17700, versions: { v1: 15 } },
  { group: 'authorization.k8s.io', priority: 17600, versions: { v1: 15 } },
  { group: 'autoscaling', priority: 17500, versions: { v2: 30, v1: 15 } },
  { group: 'batch', priority: 17400, versions: { v1: 15, v1beta1: 9 } },
  { group: 'certificates.k8s.io', priority: 17300, versions: { v1: 15 } },
  { group: 'networking.k8s.io', priority: 17200, versions: { v1: 15 } },
  { group: 'policy', priority: 17100, versions: { v1: 15, v1beta1: 9 } },
  { group: 'rbac.authorization.k8s.io', priority: 17000, versions: { v1: 15 } },
  { group: 'storage.k8s.io', priority: 16800, versions: { v1: 15 } },
  { group: 'admissionregistration.k8s.io', priority: 16700, versions: { v1: 15, v1beta1: 12 } },
  { group: 'apiextensions.k8s.io', priority: 16700, versions: { v1: 15 } },
  { group: 'scheduling.k8s.io', priority: 16600, versions: { v1: 15 } },
  { group: 'coordination.k8s.io', priority: 16500, versions: { v1: 15 } },
  { group: 'node.k8s.io', priority: 16300, versions: { v1: 15 } },
  { group: 'discovery.k8s.io', priority: 16200, versions: { v1: 15, v1beta1: 12 } },
];

/** Of groups that CRDs bring (apiextensions customresource_discovery, crdregistration controller). */
export const CUSTOM_GROUP_PRIORITY = 1000;
export const CUSTOM_VERSION_PRIORITY = 100;

const byName = new Map(groupPriorities.map((group) => [group.group, group]));

/** For sorting groups: preferred first, then by name. */
export function compareGroups(a: string, b: string): number {
  const left = byName.get(a)?.priority ?? CUSTOM_GROUP_PRIORITY;
  const right = byName.get(b)?.priority ?? CUSTOM_GROUP_PRIORITY;
  return right - left || (a < b ? -1 : a > b ? 1 : 0);
}

/** For sorting the versions of a built-in group: preferred first; else as Kubernetes orders version names. */
export function compareGroupVersions(group: string, a: string, b: string): number {
  const versions = byName.get(group)?.versions;
  const left = versions?.[a] ?? CUSTOM_VERSION_PRIORITY;
  const right = versions?.[b] ?? CUSTOM_VERSION_PRIORITY;
  return right - left || compareVersions(a, b);
}

const VERSION = /^v(\d+)(?:(alpha|beta)(\d+))?$/;
const STAGES: Readonly<Record<string, number>> = { alpha: 1, beta: 2 };

/**
 * Kubernetes' version order (apimachinery pkg/version CompareKubeAwareVersionStrings), greatest first:
 * v10, v2, v1, v11beta2, v10beta3, v3alpha1, then other names by alphabet.
 */
export function compareVersions(a: string, b: string): number {
  const left = VERSION.exec(a);
  const right = VERSION.exec(b);
  if (!left || !right) {
    if (left || right) return left ? -1 : 1;
    return a < b ? -1 : a > b ? 1 : 0;
  }
  const stage = (match: RegExpExecArray): number => (match[2] === undefined ? 3 : (STAGES[match[2]] ?? 0));
  return (
    stage(right) - stage(left) ||
    Number(right[1]) - Number(left[1]) ||
    Number(right[3] ?? 0) - Number(left[3] ?? 0)
  );
}
