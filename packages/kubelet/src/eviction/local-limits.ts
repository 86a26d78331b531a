import { type k8s, podLimits } from '@sampan/api';
import { Quantity } from '@sampan/base';
import type { PodExtras } from '../stats/make-summary.ts';

const STORAGE = 'ephemeral-storage';

/** Whether anything of the pod's disk space is limited, so that it must be measured. */
export function hasLocalLimits({ spec }: k8s.Pod): boolean {
  const limited = podLimits(spec ?? {}).has(STORAGE);
  return limited || (spec?.volumes ?? []).some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined);
}

/**
 * Why a pod has more on disk than it may have; undefined: it has not (eviction_manager.go localStorageEviction).
 * `shared`: containers' own layers are on the same disk as logs. Pure.
 */
export function localExcess(pod: k8s.Pod, extras: PodExtras, shared: boolean): string | undefined {
  return volumeExcess(pod, extras) ?? podExcess(pod, extras) ?? containerExcess(pod, extras, shared);
}

function volumeExcess({ spec }: k8s.Pod, { volumes }: PodExtras): string | undefined {
  for (const { name, emptyDir } of spec?.volumes ?? []) {
    const limit = Quantity.tryParse(emptyDir?.sizeLimit ?? '');
    const used = volumes.find((volume) => volume.name === name)?.usedBytes;
    if (limit && limit.sign() > 0 && used !== undefined && used > limit.value())
      return `Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". `;
  }
  return undefined;
}

function podExcess({ spec }: k8s.Pod, { ephemeral }: PodExtras): string | undefined {
  const limit = podLimits(spec ?? {}).get(STORAGE);
  if (limit === undefined || ephemeral.usedBytes <= limit.value()) return undefined;
  return `Pod ephemeral local storage usage exceeds the total limit of containers ${limit}. `;
}

function containerExcess({ spec }: k8s.Pod, { containers }: PodExtras, shared: boolean): string | undefined {
  for (const { name, resources } of spec?.containers ?? []) {
    const limit = Quantity.tryParse(resources?.limits?.[STORAGE] ?? '');
    const own = containers.get(name);
    if (!limit || limit.isZero() || !own) continue;
    const used = own.logs.usedBytes + (shared ? own.rootfs.usedBytes : 0);
    if (used > limit.value())
      return `Container ${name} exceeded its local ephemeral storage limit "${limit}". `;
  }
  return undefined;
}
