import type { KindRules } from '../../kinds/resource.ts';
import { isDNS1123Label } from '../../validation/dns.ts';
import { semanticEqual } from '../../validation/immutable.ts';
import { warningsForIP } from '../../validation/ip.ts';
import { DEFAULT_GRACE_SECONDS, setPodDefaults } from './defaults.ts';
import {
  prepareEphemeralContainers,
  preparePodForCreate,
  preparePodStatus,
  prepareResize,
} from './prepare.ts';
import { validatePodResize } from './resize.ts';
import { validatePodStatusUpdate } from './status-validation.ts';
import {
  specOf,
  validateEphemeralContainersUpdate,
  validatePodCreate,
  validatePodUpdate,
} from './validation.ts';
import { podWarnings } from './warnings.ts';

export const podRules: KindRules = {
  setDefaults: setPodDefaults,
  prepareForCreate: preparePodForCreate,
  prepareForUpdate(pod, old) {
    if (old.status === undefined) delete pod.status;
    else pod.status = old.status;
  },
  validate: validatePodCreate,
  validateUpdate: validatePodUpdate,
  warnings(pod, old) {
    // Updates of pods are frequent and not made by people.
    if (old !== undefined) return [];
    const messages = isDNS1123Label(pod.metadata.name ?? '');
    const name =
      messages.length === 0
        ? []
        : [
            `metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [${messages.join(' ')}]`,
          ];
    return [...name, ...podWarnings(specOf(pod), pod.metadata.annotations, '')];
  },
  status: {
    prepareForUpdate: preparePodStatus,
    validateUpdate: validatePodStatusUpdate,
    warnings: (pod, old) => (semanticEqual(pod.status, old.status) ? [] : podStatusWarnings(pod)),
  },
  generation: true,
  selectableFields: {
    'spec.nodeName': (pod) => specOf(pod).nodeName ?? '',
    'spec.restartPolicy': (pod) => specOf(pod).restartPolicy ?? '',
    'spec.schedulerName': (pod) => specOf(pod).schedulerName ?? '',
    'spec.serviceAccountName': (pod) => specOf(pod).serviceAccountName ?? '',
    'spec.hostNetwork': (pod) => String(specOf(pod).hostNetwork ?? false),
    'status.phase': (pod) => pod.status?.phase ?? '',
    'status.podIP': (pod) => pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP ?? '',
    'status.nominatedNodeName': (pod) => pod.status?.nominatedNodeName ?? '',
    // An old name of spec.nodeName.
    'spec.host': (pod) => specOf(pod).nodeName ?? '',
  },
  defaultGraceSeconds(pod) {
    // Without a node, or when it has ended, nobody needs to stop it first.
    if (!specOf(pod).nodeName) return 0;
    if (pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') return 0;
    const seconds = specOf(pod).terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
    return seconds < 0 ? 1 : seconds;
  },
};

/** Warnings of updates of a pod's status: addresses in unusual form. */
export function podStatusWarnings(pod: Parameters<typeof specOf>[0]): string[] {
  const addresses = (list: 'podIPs' | 'hostIPs'): string[] =>
    ((pod.status?.[list] ?? []) as { ip?: string }[]).flatMap(({ ip = '' }, i) =>
      warningsForIP(`status.${list}[${i}].ip`, ip),
    );
  return [...addresses('podIPs'), ...addresses('hostIPs')];
}

/** Updates through `pods/ephemeralcontainers` and `pods/resize`; shaped as `KindRules.status`. */
export const podSubresourceRules = {
  ephemeralcontainers: {
    prepareForUpdate: prepareEphemeralContainers,
    validateUpdate: validateEphemeralContainersUpdate,
  },
  resize: {
    prepareForUpdate: prepareResize,
    validateUpdate: validatePodResize,
  },
} as const satisfies Record<string, NonNullable<KindRules['status']>>;
