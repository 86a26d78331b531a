import type { KubeObject } from '@sampan/api';
import { issueServiceAccountToken } from '../auth/tokens/token-request.ts';
import type { ApiContext } from '../http/api-context.ts';
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
  return admitted(
    api.cluster,
    resource,
    { ...target, subresource: 'token', object: request },
    context,
    async () => issueServiceAccountToken(auth.tokenIssuer, target, request, context.warn),
  );
}
