import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

const SOURCE_CACHE = '../../../build/compile-cache';

// Beside the program, where nobody else can put things; before the code that it is to hold is loaded.
enableCompileCache(
  join(import.meta.dirname, import.meta.filename.endsWith('.ts') ? SOURCE_CACHE : 'compile-cache'),
);

/** Loads the guests and runs them in this process; see `main-process.ts`. */
export async function main(args: readonly string[]): Promise<void> {
  const loaded = await import('./main-process.ts');
  await loaded.main(args);
}

if (import.meta.main) await main(process.argv.slice(2));
