import { type KubeObject, nextManagedFields, schemaOf, tokenRequestRules } from '@sampan/api';
import { issueServiceAccountToken } from '../auth/tokens/token-request.ts';
import type { ApiContext } from '../http/api-context.ts';
import { formatTime } from '../registry/metadata.ts';
import type { RequestContext } from '../registry/request-context.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { admitted } from './admitted.ts';
import { notServed } from './not-served.ts';

/** Issues a token of a ServiceAccount, see `auth/tokens/token-request.ts`. */
export async function requestToken(
  api: ApiContext,
  resource: ServedResource,
  namespace: string,
  name: string,
  request: KubeObject,
  context: RequestContext,
): Promise<KubeObject> {
  const { auth } = api;
  if (!auth) throw notServed('tokens');
  const target = { namespace, name };
  tokenRequestRules.setDefaults?.(request);
  trackFields(request, context, api.cluster.clock.now());
  return admitted(
    api.cluster,
    resource,
    { ...target, subresource: 'token', object: request },
    context,
    async () => issueServiceAccountToken(auth.tokenIssuer, target, request, context.warn),
  );
}

/** Who asks owns the fields, though the request is not stored (apiserver endpoints/handlers/create.go). */
function trackFields(request: KubeObject, context: RequestContext, now: number): void {
  const fields = nextManagedFields({
    live: undefined,
    next: request,
    manager: context.fieldManager,
    time: formatTime(now),
    schema: schemaOf('io.k8s.api.authentication.v1.TokenRequest'),
    apiVersion: 'authentication.k8s.io/v1',
    subresource: 'token',
  });
  if (fields !== undefined) request.metadata.managedFields = fields;
}
