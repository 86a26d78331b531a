/**
 * Bundles the command line, the server and the node process to dist/: few files, so that they start fast and are read before root
 * is given up. Usage: node tools/build.ts
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { leanHttp } from './lean-http.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
/** Only a build that succeeded takes the place of the one before. */
const next = join(root, 'dist.next');

/** Told by /version. Undefined: sources without Git's history. */
function commit(): string | undefined {
  const { status, stdout } = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' });
  return status === 0 ? JSON.stringify(stdout.trim()) : undefined;
}

const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node26',
  outExtension: { '.js': '.mjs' },
  outdir: next,
  minifySyntax: true,
  minifyWhitespace: true,
  plugins: [leanHttp],
  legalComments: 'linked',
  logLevel: 'warning',
  define: { SAMPAN_COMMIT: commit() ?? 'undefined' },
  // CommonJS dependencies ask for `require`
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
};

rmSync(next, { recursive: true, force: true });
mkdirSync(next, { recursive: true });
/**
 * Programs that are bundled together share what they have in common. What one of them has of a package all of them load,
 * so that those that need little of much stand alone.
 */
const TOGETHER = [
  ['cli', 'server', 'guests', 'node'],
  ['hub', 'hash-worker'],
] as const;

/** What is no app. */
const SOURCES: Readonly<Record<string, string>> = {
  'hash-worker': 'packages/blobs/src/files/hash-worker.ts',
};
const sourceOf = (name: string): string => join(root, SOURCES[name] ?? `apps/${name}/src/main.ts`);

for (const names of TOGETHER) {
  await build({
    ...common,
    entryPoints: Object.fromEntries(names.map((name) => [name, sourceOf(name)])),
    // commands are loaded when they are called, each from a file of its own
    splitting: true,
    chunkNames: 'parts/[name]-[hash]',
  });
}
copyFileSync(join(root, 'build/api-descriptions.json'), join(next, 'api-descriptions.json'));
rmSync(dist, { recursive: true, force: true });
renameSync(next, dist);
