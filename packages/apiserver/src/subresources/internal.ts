import { errors, type KubeObject } from '@sampan/api';
import type { ApiContext } from '../http/api-context.ts';
import type { RequestContext } from '../registry/request-context.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { actions } from './actions.ts';

/** What a subresource that takes an object of its own kind does with it; answers with an object. */
export type SubresourceAction = (
  api: ApiContext,
  resource: ServedResource,
  namespace: string,
  name: string,
  body: KubeObject,
  context: RequestContext,
) => Promise<KubeObject>;

/** The action behind a subresource, for callers in this process. */
export function internalSubresource(resource: ServedResource, subresource: string): SubresourceAction {
  const action = actions.get(`${resource.collection}/${subresource}`);
  if (!action) throw errors.pageNotFound();
  return action;
}
