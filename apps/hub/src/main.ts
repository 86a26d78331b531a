import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

const SOURCE_CACHE = '../../../build/compile-cache';

// Beside the program, where nobody else can put things; before the code that it is to hold is loaded.
enableCompileCache(
  join(import.meta.dirname, import.meta.filename.endsWith('.ts') ? SOURCE_CACHE : 'compile-cache'),
);

// Syncing a blob to disk holds up a thread: the four that there are by default would leave none for who reads.
process.env.UV_THREADPOOL_SIZE ??= '16';

/** Loads the registry and runs it in this process; see `main-process.ts`. */
export async function main(args: readonly string[]): Promise<void> {
  const loaded = await import('./main-process.ts');
  await loaded.main(args);
}

if (import.meta.main) await main(process.argv.slice(2));
