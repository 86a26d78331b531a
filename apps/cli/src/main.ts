import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Beside the program, where nobody else can put things; before the code that it is to hold is loaded.
enableCompileCache(
  join(
    import.meta.dirname,
    import.meta.filename.endsWith('.ts') ? '../../../build/compile-cache' : 'compile-cache',
  ),
);
const { run } = await import('./run.ts');

// A reader that went away (`sampan … | head`) ends the command quietly.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
process.exitCode = await run(process.argv.slice(2), process.env);
