import type { PodContainer, PodView } from './pod-view.ts';

/** How many containers of a name are kept: the present one, and the one before for `lastState` and its log. */
const KEPT = 2;

/** What the runtime may forget of a pod that goes on. */
export function podGarbage(view: PodView): { containers: PodContainer[]; sandboxes: string[] } {
  const seen = new Map<string, number>();
  const containers = view.containers.filter((container) => {
    const count = (seen.get(container.name) ?? 0) + 1;
    seen.set(container.name, count);
    return count > KEPT && container.state !== 'running' && container.state !== 'unknown';
  });
  const needed = new Set(
    view.containers.filter((container) => !containers.includes(container)).map(({ sandboxId }) => sandboxId),
  );
  const sandboxes = view.sandboxes
    .filter(({ id, ready }, index) => index > 0 && !ready && !needed.has(id))
    .map(({ id }) => id);
  return { containers, sandboxes };
}
