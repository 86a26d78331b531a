import { errors, type KubeObject } from '@sampan/api';
import { deepEqual } from '@sampan/base';
import type { ObjectReader } from '@sampan/machinery';
import type { AdmissionPlugin, AdmissionRequest } from '../contract.ts';
import { forbid, on } from '../forbidden.ts';
import { detailsOf, reasonsOf, violations } from './evaluate.ts';
import { compareLevels, type LevelVersion, sameLevel, showLevel } from './levels.ts';
import type { PodSecurityOptions } from './options.ts';
import { type Container, containersOf, type PodLike } from './pod.ts';
import { type Policy, policyOf } from './policy.ts';

/** Where the template of pods is, by `RESOURCE.GROUP`. */
const TEMPLATES: ReadonlyMap<string, (object: KubeObject) => KubeObject | undefined> = new Map([
  ['podtemplates.', (object) => object.template],
  ['cronjobs.batch', (object) => object.spec?.jobTemplate?.spec?.template],
  ...[
    'replicationcontrollers.',
    'replicasets.apps',
    'deployments.apps',
    'statefulsets.apps',
    'daemonsets.apps',
    'jobs.batch',
  ].map((name): [string, (object: KubeObject) => KubeObject | undefined] => [
    name,
    (object) => object.spec?.template,
  ]),
]);

const isNamespace = on('namespaces', 'CREATE UPDATE');
const isPod = on('pods', 'CREATE UPDATE', ['', 'ephemeralcontainers', 'resize']);
/** How many pods of a namespace are looked at when its level becomes stricter. */
const MOST_PODS = 3000;

/** Keeps pods within their namespace's Pod Security Standard (Kubernetes docs "Pod Security Admission", KEP-2579). */
export function podSecurity(reader: ObjectReader, options: PodSecurityOptions): AdmissionPlugin {
  return {
    name: 'PodSecurity',
    handles: (asked) => isNamespace(asked) || isPod(asked) || isTemplate(asked),
    validate(request): undefined {
      if (!request.object) return;
      if (request.definition.kind === 'Namespace') checkNamespace(request, request.object, reader, options);
      else checkWorkload(request, request.object, reader, options);
    },
  };
}

const templateOf = ({ definition }: Pick<AdmissionRequest, 'definition'>) =>
  TEMPLATES.get(`${definition.resource}.${definition.group}`);

const isTemplate = (asked: Pick<AdmissionRequest, 'operation' | 'definition' | 'subresource'>): boolean =>
  asked.subresource === '' &&
  (asked.operation === 'CREATE' || asked.operation === 'UPDATE') &&
  templateOf(asked) !== undefined;

function checkWorkload(
  request: AdmissionRequest,
  object: KubeObject,
  reader: ObjectReader,
  options: PodSecurityOptions,
): void {
  const { exemptions = {} } = options;
  if (exemptions.namespaces?.includes(request.namespace) || exemptions.usernames?.includes(request.user.name))
    return;
  const namespace = reader.get('namespaces', '', request.namespace);
  const policy = policyOf(namespace?.metadata.labels, options.defaults);
  const isPodItself = request.definition.kind === 'Pod';
  const modes = isPodItself ? [policy.enforce, policy.audit, policy.warn] : [policy.audit, policy.warn];
  if (policy.problems.length === 0 && modes.every(({ level }) => level === 'privileged')) return;
  const pod = isPodItself ? podLike(object) : podLike(templateOf(request)?.(object));
  if (!pod || exemptions.runtimeClasses?.includes(pod.spec.runtimeClassName ?? '')) return;
  if (isPodItself && request.old && !isSignificant(pod, podLike(request.old))) return;
  judge(request, policy, pod, isPodItself);
}

function judge(request: AdmissionRequest, policy: Policy, pod: PodLike, enforced: boolean): void {
  if (policy.problems.length > 0) {
    request.annotate('pod-security.kubernetes.io/error', 'Failed to parse policy');
  }
  if (enforced) {
    const found = violations(policy.enforce, pod);
    if (found.length > 0) {
      throw forbid(
        request,
        `violates PodSecurity ${JSON.stringify(showLevel(policy.enforce))}: ${detailsOf(found)}`,
      );
    }
  }
  const would = (level: LevelVersion): string | undefined => {
    const found = violations(level, pod);
    return found.length === 0
      ? undefined
      : `would violate PodSecurity ${JSON.stringify(showLevel(level))}: ${detailsOf(found)}`;
  };
  const audit = would(policy.audit);
  if (audit !== undefined) request.annotate('pod-security.kubernetes.io/audit-violations', audit);
  const warning = would(policy.warn);
  if (warning !== undefined) request.warn(warning);
}

function podLike(object: KubeObject | undefined): PodLike | undefined {
  if (!object?.spec) return undefined;
  return { annotations: object.metadata?.annotations ?? {}, spec: object.spec };
}

/** Only containers, their images and the profiles in annotations can come to matter after a pod is there. */
function isSignificant(pod: PodLike, old: PodLike | undefined): boolean {
  if (!old) return true;
  const essence = (each: PodLike) => [
    containersOf(each).map(({ name, image }: Container) => [name, image]),
    Object.entries(each.annotations)
      .filter(([key]) => /^(container\.)?(seccomp|apparmor)\.security\./.test(key))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  ];
  return !deepEqual(essence(pod), essence(old));
}

function checkNamespace(
  request: AdmissionRequest,
  namespace: KubeObject,
  reader: ObjectReader,
  options: PodSecurityOptions,
): void {
  const policy = policyOf(namespace.metadata.labels, options.defaults);
  const before = request.old && policyOf(request.old.metadata.labels, options.defaults);
  const name = namespace.metadata.name ?? '';
  if (policy.problems.length > 0 && !(before && deepEqual(policy.problems, before.problems))) {
    throw errors.invalid({ group: '', kind: 'Namespace' }, name, policy.problems);
  }
  if (!before || sameLevel(policy.enforce, before.enforce) || policy.enforce.level === 'privileged') return;
  const relaxed =
    policy.enforce.version === before.enforce.version &&
    compareLevels(policy.enforce.level, before.enforce.level) < 1;
  if (relaxed || options.exemptions?.namespaces?.includes(name)) return;
  for (const text of existingPodWarnings(name, policy.enforce, reader, options)) request.warn(text);
}

/** Which pods would not be let in any more: they stay, but their owner should know. */
function existingPodWarnings(
  namespace: string,
  enforce: LevelVersion,
  reader: ObjectReader,
  { exemptions = {} }: PodSecurityOptions,
): string[] {
  const pods = reader.list('pods', namespace);
  const byReason = new Map<string, string[]>();
  for (const object of pods.slice(0, MOST_PODS)) {
    const pod = podLike(object);
    if (!pod || exemptions.runtimeClasses?.includes(pod.spec.runtimeClassName ?? '')) continue;
    const found = violations(enforce, pod);
    if (found.length === 0) continue;
    const reason = reasonsOf(found);
    const names = byReason.get(reason) ?? [];
    names.push(object.metadata.name ?? '');
    byReason.set(reason, names);
  }
  const warnings: string[] = [];
  if (pods.length > MOST_PODS) {
    warnings.push(
      `new PodSecurity enforce level only checked against the first ${MOST_PODS} of ${pods.length} existing pods`,
    );
  }
  if (byReason.size === 0) return warnings;
  warnings.push(
    `existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level ${JSON.stringify(showLevel(enforce))}`,
  );
  return [...warnings, ...[...byReason].map(([reason, names]) => `${shown(names)}: ${reason}`).sort()];
}

function shown(names: readonly string[]): string {
  const [first = ''] = [...names].sort();
  const others = names.length - 1;
  if (others === 0) return first;
  return `${first} (and ${others} other ${others === 1 ? 'pod' : 'pods'})`;
}
