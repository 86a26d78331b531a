/** Labels that a kubelet may set on its node (k8s.io/kubelet pkg/apis IsKubeletLabel). */
const KUBELET_LABELS: ReadonlySet<string> = new Set([
  'kubernetes.io/hostname',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'node.kubernetes.io/instance-type',
  'beta.kubernetes.io/instance-type',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
]);
const KUBELET_NAMESPACES = ['kubelet.kubernetes.io', 'node.kubernetes.io'];
const RESTRICTED = 'node-restriction.kubernetes.io';

type Labels = Readonly<Record<string, string>>;

/** The labels of Kubernetes' own namespaces that differ and that are not for nodes to write, sorted. */
export function foreignLabels(labels: Labels, old: Labels): string[] {
  const changed = new Set<string>();
  for (const key of [...Object.keys(labels), ...Object.keys(old)]) {
    const before = Object.hasOwn(old, key) ? old[key] : undefined;
    if ((Object.hasOwn(labels, key) ? labels[key] : undefined) !== before) changed.add(key);
  }
  return [...changed].filter(isForeign).sort();
}

function isForeign(label: string): boolean {
  const slash = label.indexOf('/');
  if (slash < 0) return false;
  const namespace = label.slice(0, slash);
  if (isIn(namespace, RESTRICTED)) return true;
  if (!isIn(namespace, 'kubernetes.io') && !isIn(namespace, 'k8s.io')) return false;
  return !KUBELET_LABELS.has(label) && !KUBELET_NAMESPACES.some((allowed) => isIn(namespace, allowed));
}

const isIn = (namespace: string, domain: string): boolean =>
  namespace === domain || namespace.endsWith(`.${domain}`);
