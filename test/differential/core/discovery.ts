/** Discovery documents and health. Resources newer than 1.20 are known differences of the comparison. */
import { get } from '../build.ts';
import type { Scenario } from '../step.ts';

const GROUPS = [
  'apps',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'events.k8s.io',
  'networking.k8s.io',
  'node.k8s.io',
  'rbac.authorization.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
  'apiextensions.k8s.io',
];
const HASH = { ignore: ['/body/resources/*/storageVersionHash'] };

export const DISCOVERY: Scenario = {
  name: 'discovery',
  steps: [
    get('legacy versions', '/api', { ignore: ['/body/serverAddressByClientCIDRs/**'] }),
    get('core resources', '/api/v1', { ...HASH, byName: 'resources' }),
    ...GROUPS.map((group) =>
      get(`resources of ${group}`, `/apis/${group}/v1`, { ...HASH, byName: 'resources' }),
    ),
    get('a group', '/apis/apps'),
    get('the group of roles', '/apis/rbac.authorization.k8s.io', {
      ignore: ['/body/versions/1', '/body/versions/1/**'],
    }),
    get('healthz', '/healthz'),
    get('livez', '/livez'),
    get('readyz', '/readyz'),
    get('ping', '/healthz/ping'),
    get('health of an unknown check', '/healthz/unknown'),
  ],
};
