import type { k8s } from '@sampan/api';

type Resources = Readonly<Record<string, string>>;

/**
 * What others have put into the capacity of a node, pods may use (Kubernetes docs, "Advertise Extended Resources for a
 * Node"; kubelet nodestatus.MachineInfo): the changes to `allocatable` that this takes, `null` for what is there no
 * longer. `own` is what the node itself tells, `seen` its status as the API has it. Pure.
 */
export function advertisedResources(
  own: k8s.NodeStatus,
  seen: k8s.NodeStatus | undefined,
): Record<string, string | null> {
  const [capacity, allocatable]: Resources[] = [seen?.capacity ?? {}, seen?.allocatable ?? {}];
  const isForeign = (name: string) => own.capacity?.[name] === undefined;
  const gone = Object.keys(allocatable ?? {}).filter(
    (name) => isForeign(name) && capacity?.[name] === undefined,
  );
  const added = Object.entries(capacity ?? {}).filter(
    ([name, amount]) => isForeign(name) && allocatable?.[name] !== amount,
  );
  return { ...Object.fromEntries(gone.map((name) => [name, null])), ...Object.fromEntries(added) };
}
