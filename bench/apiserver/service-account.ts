/** Both servers know the load in the same way: a ServiceAccount bound to cluster-admin, its token by TokenRequest. */
import { type Access, must } from './http.ts';

const RBAC = 'rbac.authorization.k8s.io';

/** Makes namespace, account and binding with an administrator's certificate; returns the token. */
export async function loadToken(admin: Access): Promise<string> {
  await must(admin, 'POST', '/api/v1/namespaces', { metadata: { name: 'bench' } });
  await must(admin, 'POST', '/api/v1/namespaces/bench/serviceaccounts', { metadata: { name: 'load' } });
  await must(admin, 'POST', `/apis/${RBAC}/v1/clusterrolebindings`, {
    metadata: { name: 'bench-load' },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', namespace: 'bench', name: 'load' }],
  });
  const answer = await must(admin, 'POST', '/api/v1/namespaces/bench/serviceaccounts/load/token', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 86_400 },
  });
  const { token } = (answer as { status: { token: string } }).status;
  return token;
}
