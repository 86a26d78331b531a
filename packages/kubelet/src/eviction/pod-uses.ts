import type { k8s } from '@sampan/api';
import type { PodExtras } from '../stats/make-summary.ts';
import type { UsageSample } from '../stats/usage-sampler.ts';
import type { ContainerUse } from './eviction-message.ts';
import type { PodUse } from './rank-pods.ts';

/** What pods use, by uid. Pure. */
export function podUses(sample: UsageSample, extras: ReadonlyMap<string, PodExtras>): Map<string, PodUse> {
  return new Map(
    sample.pods.map(({ pod, usage }): [string, PodUse] => {
      const uid = pod.metadata?.uid ?? '';
      const disk = extras.get(uid)?.ephemeral;
      return [
        uid,
        {
          memory: usage.memory.workingSet,
          pids: usage.pids,
          'ephemeral-storage': disk?.usedBytes ?? 0,
          inodes: disk?.inodesUsed ?? 0,
        },
      ];
    }),
  );
}

/** What each container of a pod uses. Pure. */
export function containerUses(
  pod: k8s.Pod,
  sample: UsageSample,
  extras: ReadonlyMap<string, PodExtras>,
): ContainerUse[] {
  const uid = pod.metadata?.uid ?? '';
  const reading = sample.pods.find((each) => each.pod.metadata?.uid === uid);
  return (reading?.containers ?? []).map(({ name, usage }) => {
    const own = extras.get(uid)?.containers.get(name);
    const disk = own ? own.rootfs.usedBytes + own.logs.usedBytes : 0;
    return { name, memory: usage.memory.workingSet, disk };
  });
}
