import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Builds upstream's programs that are not in the cache yet: 15 minutes once. Returns what could not be built. */
export function buildUpstreamPrograms(environment: NodeJS.ProcessEnv): string[] {
  const cache = environment.SAMPAN_CACHE ?? join(homedir(), '.cache/sampan');
  return BUILDS.flatMap(({ script, programs }) => {
    if (programs.every((program) => existsSync(join(cache, program)))) return [];
    console.log(`Building upstream's programs by ${script} …`);
    return spawnSync(script, { stdio: 'inherit' }).status === 0 ? [] : [script];
  });
}

const BUILDS = [
  {
    script: 'tools/upstream/build-kubernetes.sh',
    programs: [
      'upstream-kubernetes/kube-apiserver',
      'upstream-kubernetes/kube-controller-manager',
      'upstream-kubernetes/kube-scheduler',
    ],
  },
  {
    script: 'tools/upstream/build-apiextensions.sh',
    programs: ['upstream-apiextensions/apiextensions-apiserver', 'upstream-apiextensions/etcd'],
  },
];
