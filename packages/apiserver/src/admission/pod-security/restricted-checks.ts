import { addingForbidden, inUserNamespace, seccompSetBadly } from './baseline-checks.ts';
import {
  type Check,
  containersThat,
  named,
  plural,
  quoted,
  settersOf,
  sortedSet,
  type Violation,
} from './check.ts';
import type { PodLike } from './pod.ts';

type Run = (pod: PodLike) => Violation | undefined;

/** Since 1.25 what only Linux knows is not asked of pods that say they are for Windows. */
const unlessWindows =
  (run: Run): Run =>
  (pod) =>
    pod.spec.os?.name === 'windows' ? undefined : run(pod);
/** Since 1.35 root of a user namespace is not root. */
const unlessUserNamespace =
  (run: Run): Run =>
  (pod) =>
    inUserNamespace(pod) ? undefined : run(pod);

function allowPrivilegeEscalation(pod: PodLike): Violation | undefined {
  const names = containersThat(
    pod,
    ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false,
  );
  return names.length === 0
    ? undefined
    : {
        reason: 'allowPrivilegeEscalation != false',
        detail: `${named(names)} must set securityContext.allowPrivilegeEscalation=false`,
      };
}

const NET_BIND: ReadonlySet<string> = new Set(['NET_BIND_SERVICE']);

function capabilities(pod: PodLike): Violation | undefined {
  const keeping = containersThat(
    pod,
    ({ securityContext }) => !securityContext?.capabilities?.drop?.includes('ALL'),
  );
  const details =
    keeping.length > 0 ? [`${named(keeping)} must set securityContext.capabilities.drop=["ALL"]`] : [];
  const adding = addingForbidden(pod, NET_BIND);
  if (adding !== undefined) details.push(adding);
  return details.length === 0
    ? undefined
    : { reason: 'unrestricted capabilities', detail: details.join('; ') };
}

const ALLOWED_VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

function volumes({ spec }: PodLike): Violation | undefined {
  const bad = (spec.volumes ?? []).filter((volume) => !ALLOWED_VOLUMES.some((type) => volume[type]));
  if (bad.length === 0) return undefined;
  const names = bad.map(({ name }) => name);
  const types = sortedSet(
    bad.map((volume) => Object.keys(volume).find((key) => key !== 'name' && volume[key]) ?? 'unknown'),
  );
  return {
    reason: 'restricted volume types',
    detail:
      `${plural('volume', 'volumes', names.length)} ${quoted(names)} ${plural('uses', 'use', names.length)} ` +
      `${plural('restricted volume type', 'restricted volume types', types.length)} ${quoted(types)}`,
  };
}

function runAsNonRoot(pod: PodLike): Violation | undefined {
  const reason = 'runAsNonRoot != true';
  const setters = settersOf(pod, (context) => context.runAsNonRoot === false);
  if (setters !== '') return { reason, detail: `${setters} must not set securityContext.runAsNonRoot=false` };
  if (pod.spec.securityContext?.runAsNonRoot) return undefined;
  const silent = containersThat(pod, ({ securityContext }) => securityContext?.runAsNonRoot === undefined);
  return silent.length === 0
    ? undefined
    : { reason, detail: `pod or ${named(silent)} must set securityContext.runAsNonRoot=true` };
}

function runAsUser(pod: PodLike): Violation | undefined {
  const setters = settersOf(pod, (context) => context.runAsUser === 0);
  return setters === ''
    ? undefined
    : { reason: 'runAsUser=0', detail: `${setters} must not set runAsUser=0` };
}

function seccomp(pod: PodLike): Violation | undefined {
  const bad = seccompSetBadly(pod);
  if (bad) return bad;
  if (pod.spec.securityContext?.seccompProfile) return undefined;
  const silent = containersThat(pod, ({ securityContext }) => securityContext?.seccompProfile === undefined);
  return silent.length === 0
    ? undefined
    : {
        reason: 'seccompProfile',
        detail: `pod or ${named(silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
      };
}

/** Kubernetes docs "Pod Security Standards", Restricted; by id. */
export const RESTRICTED_CHECKS: readonly Check[] = [
  {
    id: 'allowPrivilegeEscalation',
    level: 'restricted',
    versions: [
      { since: 8, run: allowPrivilegeEscalation },
      { since: 25, run: unlessWindows(allowPrivilegeEscalation) },
    ],
  },
  {
    id: 'capabilities_restricted',
    level: 'restricted',
    versions: [
      { since: 22, run: capabilities },
      { since: 25, run: unlessWindows(capabilities) },
    ],
    overrides: ['capabilities_baseline'],
  },
  {
    id: 'restrictedVolumes',
    level: 'restricted',
    versions: [{ since: 0, run: volumes }],
    overrides: ['hostPathVolumes'],
  },
  {
    id: 'runAsNonRoot',
    level: 'restricted',
    versions: [
      { since: 0, run: runAsNonRoot },
      { since: 35, run: unlessUserNamespace(runAsNonRoot) },
    ],
  },
  {
    id: 'runAsUser',
    level: 'restricted',
    versions: [
      { since: 23, run: runAsUser },
      { since: 35, run: unlessUserNamespace(runAsUser) },
    ],
  },
  {
    id: 'seccompProfile_restricted',
    level: 'restricted',
    versions: [
      { since: 19, run: seccomp },
      { since: 25, run: unlessWindows(seccomp) },
    ],
    overrides: ['seccompProfile_baseline'],
  },
];
