import type { k8s } from '@sampan/api';

/** Where the log of a container of a pod is: the runtime's id of that container, or why there is none. */
export type LogSource = { readonly id: string } | { readonly missing: string };

/** As upstream chooses it and in its words (kubernetes pkg/kubelet validateContainerLogStatus). Pure. */
export function logSource(pod: k8s.Pod, container: string, previous: boolean): LogSource {
  const name = pod.metadata?.name ?? '';
  const { containerStatuses, initContainerStatuses, ephemeralContainerStatuses } = pod.status ?? {};
  const status = [containerStatuses, initContainerStatuses, ephemeralContainerStatuses]
    .flatMap((list) => list ?? [])
    .find((each) => each.name === container);
  const what = `container ${JSON.stringify(container)} in pod ${JSON.stringify(name)}`;
  if (!status) return { missing: `${what} is not available` };
  const { waiting, running, terminated } = status.state ?? {};
  const last = status.lastState?.terminated;
  if (previous) return found(last?.containerID) ?? { missing: `previous terminated ${what} not found` };
  if (running) return found(status.containerID) ?? { missing: `${what} is not available` };
  if (terminated)
    return found(terminated.containerID) ?? found(last?.containerID) ?? { missing: `${what} is terminated` };
  if (last) return found(last.containerID) ?? { missing: `${what} is terminated` };
  if (waiting) return { missing: `${what} is waiting to start: ${waitingFor(waiting.reason ?? '')}` };
  return { missing: `${what} is waiting to start - no logs yet` };
}

const WAITING: Readonly<Record<string, string>> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: 'trying and failing to pull image',
};

const waitingFor = (reason: string): string => WAITING[reason] ?? reason;

/** The runtime's id in `RUNTIME://ID`. */
function found(containerId: string | undefined): { readonly id: string } | undefined {
  const id = containerId?.split('://')[1] ?? '';
  return id === '' ? undefined : { id };
}
