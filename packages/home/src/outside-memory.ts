import { setFlagsFromString } from 'node:v8';

/**
 * Buffers lie outside the engine's heap. Unasked it collects all garbage for every 64 MB of them, in steps within
 * whatever makes buffers meanwhile: a process that passes on what others read stops for that ten times a second, and one
 * that holds a large heap stops for half a second. After this call they count as the heap does, and may grow to `growth`
 * times (default 1.3) what was needed at the last collection: much where few are kept, little where many
 * are. For the beginning of a process. V8's flags, `src/flags/flag-definitions.h`; one that V8 no longer knows is named on
 * standard error and changes nothing.
 */
export function countBuffersAsHeap(growth = 1.3): void {
  for (const flag of [
    '--external-memory-accounted-in-global-limit',
    `--external-memory-max-growing-factor=${growth}`,
  ])
    setFlagsFromString(flag);
}
