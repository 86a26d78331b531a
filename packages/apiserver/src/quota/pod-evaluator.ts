import type { KubeObject } from '@sampan/api';
import { Quantity } from '@sampan/base';
import { type Amounts, amountsOf } from './amounts.ts';
import type { Evaluator } from './evaluators.ts';
import { podAmounts } from './pod-amounts.ts';
import { matchesRequirement, type ScopeRequirement } from './scopes.ts';

const COMPUTE = ['cpu', 'memory', 'ephemeral-storage'];
const NAMES: ReadonlySet<string> = new Set([
  'count/pods',
  'pods',
  ...COMPUTE,
  ...COMPUTE.map((name) => `requests.${name}`),
  ...COMPUTE.map((name) => `limits.${name}`),
]);
/** What every container must say when it is limited. */
const MUST_BE_SAID: ReadonlySet<string> = new Set([
  'cpu',
  'memory',
  'requests.cpu',
  'requests.memory',
  'limits.cpu',
  'limits.memory',
]);
const HUGEPAGES = 'hugepages-';
const ONE = Quantity.of(1);

/** Pods and what they ask for (kubernetes pkg/quota/v1/evaluator/core/pods.go). */
export const podEvaluator: Evaluator = {
  counts: (name) =>
    NAMES.has(name) ||
    name.startsWith(HUGEPAGES) ||
    name.startsWith(`requests.${HUGEPAGES}`) ||
    (name.startsWith('requests.') && isExtended(name.slice('requests.'.length))),
  handles: (operation, subresource) =>
    (operation === 'CREATE' && subresource === '') || (operation === 'UPDATE' && subresource === 'resize'),
  usage(pod) {
    const usage: Amounts = new Map([['count/pods', ONE]]);
    if (hasEnded(pod)) return usage;
    usage.set('pods', ONE);
    compute(usage, podAmounts(pod, 'requests', true), podAmounts(pod, 'limits', true));
    return usage;
  },
  inScope,
  missing: whatIsMissing,
};

/** `domain/name` outside of Kubernetes' own domains (helper.IsExtendedResourceName). */
const isExtended = (name: string): boolean =>
  name.includes('/') &&
  !/(^|\.)kubernetes\.io\//.test(name) &&
  !name.includes('storageclass.storage.k8s.io/');

/** Ended pods use nothing but their place in the store. */
function hasEnded(pod: KubeObject): boolean {
  const phase: unknown = pod.status?.phase;
  return phase === 'Succeeded' || phase === 'Failed';
}

function compute(usage: Amounts, requests: Amounts, limits: Amounts): void {
  for (const [name, quantity] of requests) {
    if (COMPUTE.includes(name) || name.startsWith(HUGEPAGES)) {
      usage.set(name, quantity);
      usage.set(`requests.${name}`, quantity);
    } else if (isExtended(name)) usage.set(`requests.${name}`, quantity);
  }
  for (const [name, quantity] of limits) {
    if (COMPUTE.includes(name)) usage.set(`limits.${name}`, quantity);
  }
}

interface Container {
  readonly name: string;
  readonly resources?: Readonly<Record<'requests' | 'limits', Readonly<Record<string, unknown>> | undefined>>;
}

function whatIsMissing(names: readonly string[], pod: KubeObject): string | undefined {
  const wanted = names.filter((name) => MUST_BE_SAID.has(name)).sort();
  if (wanted.length === 0) return undefined;
  const ofPod: Amounts = new Map();
  compute(ofPod, amountsOf(pod.spec?.resources?.requests), amountsOf(pod.spec?.resources?.limits));
  const said = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].map(
    ({ name, resources }: Container) => {
      const usage: Amounts = new Map();
      compute(usage, amountsOf(resources?.requests), amountsOf(resources?.limits));
      return { name, usage };
    },
  );
  const lacking = wanted.flatMap((resource) => {
    if (ofPod.has(resource)) return [];
    const names = said.filter(({ usage }) => !usage.has(resource)).map(({ name }) => name);
    return names.length > 0 ? [`${resource} for: ${[...new Set(names)].sort().join(',')}`] : [];
  });
  return lacking.length > 0 ? `must specify ${lacking.join('; ')}` : undefined;
}

function inScope(requirement: ScopeRequirement, pod: KubeObject): boolean {
  switch (requirement.scopeName) {
    case 'Terminating':
      return isTerminating(pod);
    case 'NotTerminating':
      return !isTerminating(pod);
    case 'BestEffort':
      return isBestEffort(pod);
    case 'NotBestEffort':
      return !isBestEffort(pod);
    case 'PriorityClass':
      return matchesRequirement(requirement, pod.spec?.priorityClassName);
    case 'CrossNamespacePodAffinity':
      return crossesNamespaces(pod);
    default:
      return false;
  }
}

const isTerminating = (pod: KubeObject): boolean => (pod.spec?.activeDeadlineSeconds ?? -1) >= 0;

/** No container asks for CPU or memory. */
function isBestEffort(pod: KubeObject): boolean {
  const all = [pod.spec, ...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  return !all.some((part: Partial<Container> | undefined) =>
    (['requests', 'limits'] as const).some((list) => {
      const amounts = amountsOf(part?.resources?.[list]);
      return ['cpu', 'memory'].some((name) => amounts.get(name)?.sign() === 1);
    }),
  );
}

interface Term {
  readonly namespaces?: readonly string[];
  readonly namespaceSelector?: unknown;
}

function crossesNamespaces(pod: KubeObject): boolean {
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {};
  return [podAffinity, podAntiAffinity].some((affinity) => {
    const required: Term[] = affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const preferred: { podAffinityTerm?: Term }[] =
      affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    return [...required, ...preferred.map(({ podAffinityTerm }) => podAffinityTerm)].some(
      (term) => term && ((term.namespaces?.length ?? 0) > 0 || term.namespaceSelector !== undefined),
    );
  });
}
