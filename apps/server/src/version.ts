import type { VersionInfo } from '@sampan/apiserver';
import manifest from '../package.json' with { type: 'json' };

/** The commit that was built, put in by the build (tools/build.ts); not there when sources run as they are. */
declare const SAMPAN_COMMIT: string | undefined;

/** Clients expect hexadecimal digits. */
const NO_COMMIT = '0'.repeat(40);

export const SAMPAN_VERSION: string = manifest.version;

/** What `/version` answers: the Kubernetes release whose API is served. */
export const KUBERNETES_VERSION: VersionInfo = {
  major: '1',
  minor: '36',
  gitVersion: `v1.36.0+sampan.${manifest.version}`,
  gitCommit: typeof SAMPAN_COMMIT === 'undefined' ? NO_COMMIT : SAMPAN_COMMIT,
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: 'node',
  platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
};
