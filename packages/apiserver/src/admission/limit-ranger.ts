import type { KubeObject } from '@sampan/api';
import type { ObjectReader } from '@sampan/machinery';
import { type Amounts, amountsOf, NONE } from '../quota/amounts.ts';
import { podAmounts } from '../quota/pod-amounts.ts';
import type { AdmissionPlugin, AdmissionRequest } from './contract.ts';
import { aggregate, forbid, on } from './forbidden.ts';
import { limitRatio, maximum, maximumRequest, minimum } from './limit-constraints.ts';

type List = Record<string, string>;

interface Limit {
  readonly type: string;
  readonly default?: List;
  readonly defaultRequest?: List;
  readonly min?: List;
  readonly max?: List;
  readonly maxLimitRequestRatio?: List;
}

interface Container {
  readonly name: string;
  resources?: { limits?: List; requests?: List };
}

const ANNOTATION = 'kubernetes.io/limit-ranger';
const isNewPod = on('pods', 'CREATE');
const isResize = on('pods', 'UPDATE', ['resize']);
const isClaim = on('persistentvolumeclaims', 'CREATE UPDATE');

/** Fills and checks what containers, pods and claims ask for (Kubernetes docs "Limit Ranges"; plugin/pkg/admission/limitranger). */
export function limitRanger(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'LimitRanger',
    handles: (asked) => isNewPod(asked) || isResize(asked) || isClaim(asked),
    admit(request) {
      const { object, definition } = request;
      if (!object || definition.kind !== 'Pod' || request.operation !== 'CREATE') return;
      for (const limits of rangesIn(reader, request)) fill(object, limits);
    },
    validate(request): undefined {
      const { object, definition } = request;
      // what only waits for its end may always be changed
      if (!object || request.old?.metadata.deletionTimestamp !== undefined) return;
      for (const limits of rangesIn(reader, request)) {
        const problems =
          definition.kind === 'Pod' ? podProblems(object, limits) : claimProblems(object, limits);
        if (problems.length > 0) throw forbid(request, aggregate(problems));
      }
    },
  };
}

const rangesIn = (reader: ObjectReader, { namespace }: AdmissionRequest): Limit[][] =>
  reader.list('limitranges', namespace).map((range) => range.spec?.limits ?? []);

function fill(pod: KubeObject, limits: readonly Limit[]): void {
  const defaults = { limits: {} as List, requests: {} as List };
  for (const limit of limits) {
    if (limit.type !== 'Container') continue;
    Object.assign(defaults.limits, limit.default);
    Object.assign(defaults.requests, limit.defaultRequest);
  }
  const notes = [
    ...containersOf(pod, 'containers').flatMap((each) => fillContainer(each, defaults, 'container')),
    ...containersOf(pod, 'initContainers').flatMap((each) => fillContainer(each, defaults, 'init container')),
  ];
  if (notes.length === 0) return;
  const note = `LimitRanger plugin set: ${notes.join('; ')}`;
  pod.metadata.annotations = { ...pod.metadata.annotations, [ANNOTATION]: note };
}

function fillContainer(
  container: Container,
  defaults: { limits: List; requests: List },
  what: string,
): string[] {
  return (['requests', 'limits'] as const).flatMap((list) => {
    const present = container.resources?.[list] ?? {};
    const added = Object.keys(defaults[list]).filter((name) => !Object.hasOwn(present, name));
    if (added.length === 0) return [];
    const filled = { ...present };
    for (const name of added) filled[name] = defaults[list][name] as string;
    container.resources = { ...container.resources, [list]: filled };
    return [`${added.sort().join(', ')} ${list.slice(0, -1)} for ${what} ${container.name}`];
  });
}

const containersOf = (pod: KubeObject, list: string): Container[] => pod.spec?.[list] ?? [];

function podProblems(pod: KubeObject, limits: readonly Limit[]): string[] {
  return limits.flatMap((limit) => {
    if (limit.type === 'Container') {
      return [...containersOf(pod, 'containers'), ...containersOf(pod, 'initContainers')].flatMap(
        ({ resources }) => checked(limit, amountsOf(resources?.requests), amountsOf(resources?.limits)),
      );
    }
    if (limit.type !== 'Pod') return [];
    return checked(limit, podAmounts(pod, 'requests', false), podAmounts(pod, 'limits', false));
  });
}

function checked(limit: Limit, requests: Amounts, limits: Amounts): string[] {
  return [
    ...each(limit.min, (name, value) => minimum(limit.type, name, value, requests, limits)),
    ...each(limit.max, (name, value) => maximum(limit.type, name, value, requests, limits)),
    ...each(limit.maxLimitRequestRatio, (name, value) =>
      limitRatio(limit.type, name, value, requests, limits),
    ),
  ];
}

function claimProblems(claim: KubeObject, limits: readonly Limit[]): string[] {
  const requests = amountsOf(claim.spec?.resources?.requests);
  return limits
    .filter(({ type }) => type === 'PersistentVolumeClaim')
    .flatMap((limit) => [
      ...each(limit.min, (name, value) => minimum(limit.type, name, value, requests, NONE)),
      ...each(limit.max, (name, value) => maximumRequest(limit.type, name, value, requests)),
    ]);
}

type Check = (name: string, value: NonNullable<ReturnType<Amounts['get']>>) => string | undefined;

function each(list: List | undefined, check: Check): string[] {
  return [...amountsOf(list)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, value]) => check(name, value) ?? []);
}
