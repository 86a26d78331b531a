import type { k8s } from '@sampan/api';
import type { PodView } from './pod-view.ts';

export type SandboxChoice =
  | { readonly create: false; readonly id: string }
  | { readonly create: true; readonly attempt: number };

/** Whether a pod's newest sandbox will do (kuberuntime util PodSandboxChanged). */
export function needsSandbox(pod: k8s.Pod, view: PodView): SandboxChoice {
  const [newest] = view.sandboxes;
  if (!newest) return { create: true, attempt: 0 };
  const attempt = Math.max(...view.sandboxes.map((sandbox) => sandbox.attempt)) + 1;
  const wanted = pod.spec?.hostNetwork ? 'node' : 'pod';
  const usable =
    newest.ready &&
    view.sandboxes.filter(({ ready }) => ready).length === 1 &&
    newest.network === wanted &&
    (wanted === 'node' || newest.ips.length > 0);
  return usable ? { create: false, id: newest.id } : { create: true, attempt };
}
