import { describe, it } from 'vitest';
import { hasUpstream } from '../../tools/upstream/cache.ts';
import { SERVERS } from './server.ts';
import { controllerSuite } from './suite.ts';

if (hasUpstream('kubernetes') || process.env.CI === 'true') {
  controllerSuite('kube-apiserver 1.20.2', SERVERS.upstream);
} else {
  console.log(
    'upstream kube-apiserver is not built (tools/upstream/build-kubernetes.sh): its tests do not run',
  );
  describe.skip('the controllers on kube-apiserver 1.20.2', () => {
    it('need tools/upstream/build-kubernetes.sh', () => {});
  });
}
