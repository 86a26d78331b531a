/** Where the build scripts leave upstream's programs: outside the checkout, so that every clone shares them. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Which of the two upstream builds. */
export type Build = 'kubernetes' | 'apiextensions';

/** `$SAMPAN_CACHE` or `~/.cache/sampan`. */
export function cacheFolder(): string {
  return process.env.SAMPAN_CACHE ?? join(homedir(), '.cache', 'sampan');
}

/** The path of an upstream program. Throws with the command that builds it when it is not there. */
export function upstreamProgram(build: Build, name: string): string {
  const file = join(cacheFolder(), `upstream-${build}`, name);
  if (!existsSync(file)) {
    throw new Error(`${file} is missing: build it with tools/upstream/build-${build}.sh`);
  }
  return file;
}

/** Whether an upstream build is there. */
export function hasUpstream(build: Build): boolean {
  const name = build === 'kubernetes' ? 'kube-apiserver' : 'apiextensions-apiserver';
  return existsSync(join(cacheFolder(), `upstream-${build}`, name));
}
