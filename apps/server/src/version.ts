import type { VersionInfo } from '@sampan/apiserver';
import manifest from '../package.json' with { type: 'json' };

export const SAMPAN_VERSION: string = manifest.version;

/** What `/version` answers: the Kubernetes release whose API is served. */
export const KUBERNETES_VERSION: VersionInfo = {
  major: '1',
  minor: '36',
  gitVersion: `v1.36.0+sampan.${manifest.version}`,
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: 'node',
  platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
};
