import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';

const SOURCE_CACHE = '../../../build/compile-cache';

// Beside the program, where nobody else can put things; before the code that it is to hold is loaded.
enableCompileCache(
  join(import.meta.dirname, import.meta.filename.endsWith('.ts') ? SOURCE_CACHE : 'compile-cache'),
);

/*
 * The bytes of stored objects lie outside the engine's heap. Unasked it collects all garbage whenever these grow by
 * 64 MB, a piece with each buffer that is made meanwhile: who wakes a cluster beside a thousand others would wait half a
 * second for that. So they count as the heap does, which is collected when it has grown by a share of itself.
 */
setFlagsFromString('--external-memory-accounted-in-global-limit');

/** Loads the guests and runs them in this process; see `main-process.ts`. */
export async function main(args: readonly string[]): Promise<void> {
  const loaded = await import('./main-process.ts');
  await loaded.main(args);
}

if (import.meta.main) await main(process.argv.slice(2));
