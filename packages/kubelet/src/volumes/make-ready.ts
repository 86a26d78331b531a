import { StartError } from '../pods/start-error.ts';
import type { VolumeContext } from './context.ts';
import { failureText } from './mount-failure.ts';
import type { PodState } from './pod-state.ts';
import { usedVolumes } from './references.ts';
import { setUpVolume } from './volume-kinds.ts';

/**
 * Makes those volumes of a pod ready that are not, and those anew whose content may change. Tells an event of each that
 * fails; then throws StartError `FailedMount` with all of them. The others are ready all the same.
 */
export async function makeReady(state: PodState, context: VolumeContext): Promise<void> {
  if (state.released) return;
  const { pod, ready } = state;
  const tasks = usedVolumes(pod).filter(({ volume }) => ready.get(volume.name)?.live !== false);
  const failures = await Promise.all(
    tasks.map(async (task) => {
      try {
        ready.set(task.volume.name, await setUpVolume({ pod, ...task }, context));
        return [];
      } catch (error) {
        return [failureText(task.volume.name, error instanceof Error ? error : new Error(String(error)))];
      }
    }),
  );
  const texts = failures.flat();
  if (texts.length === 0) return;
  for (const message of texts) context.tell(pod, { type: 'Warning', reason: 'FailedMount', message });
  throw new StartError('FailedMount', texts.join('; '));
}
