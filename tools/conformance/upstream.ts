import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { cacheFolder } from '../upstream/cache.ts';

const SCRIPT = join(import.meta.dirname, '../upstream/build-kubernetes.sh');
const TARGETS = ['server', 'e2e', 'images'];

export interface UpstreamFolder {
  /** Where the programs are: `e2e.test`, `ginkgo`, `agnhost`, `kubectl`. */
  readonly programs: string;
  /** Upstream's source tree, of which tests read manifests. */
  readonly source: string;
}

export function upstreamFolder(): UpstreamFolder {
  const programs = join(cacheFolder(), 'upstream-kubernetes');
  return { programs, source: join(programs, 'gopath/src/k8s.io/kubernetes') };
}

/** Builds what is missing of upstream's test programs: 15 minutes once. Throws when that fails. */
export function buildUpstream(): void {
  const { status } = spawnSync(SCRIPT, [upstreamFolder().programs, ...TARGETS], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`${SCRIPT} failed: it needs root and Debian`);
}
