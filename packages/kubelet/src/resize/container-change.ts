import type { k8s } from '@sampan/api';
import { type Amounts, amountsOf, changedResources } from './allocation.ts';

/** How a running container comes by what it was given: as it runs, or only by a restart (its `resizePolicy`). */
export type ContainerChange = 'none' | 'update' | 'restart';

/** `actual`: what it runs with; undefined: as it should. */
export function containerChange(container: k8s.Container, actual: Amounts | undefined): ContainerChange {
  if (!actual) return 'none';
  const changed = changedResources(amountsOf(container.resources), actual);
  if (changed.length === 0) return 'none';
  const restarts = changed.some((name) =>
    (container.resizePolicy ?? []).some(
      ({ resourceName, restartPolicy }) => resourceName === name && restartPolicy === 'RestartContainer',
    ),
  );
  return restarts ? 'restart' : 'update';
}
