import type { Attributes } from '../auth/contract.ts';
import { forbiddenError } from '../auth/forbidden.ts';
import type { ApiContext } from './api-context.ts';
import type { Exchange } from './exchange.ts';

/** Throws Forbidden with upstream's text. */
export function authorize(api: ApiContext, exchange: Exchange): void {
  const attributes = attributesOf(exchange);
  const decision = api.authorizer.authorize(attributes);
  if (!decision.allowed) throw forbiddenError(attributes, decision.reason);
}

/** A PUT or an apply that finds no object creates it: who may change may not always create. */
export function authorizeCreate(api: ApiContext, exchange: Exchange): void {
  const attributes = { ...attributesOf(exchange), verb: 'create' };
  const decision = api.authorizer.authorize(attributes);
  if (!decision.allowed) throw forbiddenError(attributes, decision.reason);
}

export function attributesOf(exchange: Exchange): Attributes {
  const { info, user } = exchange;
  return {
    user,
    verb: info.verb,
    isResource: info.isResource,
    group: info.group,
    version: info.version,
    resource: info.resource,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.name,
    path: info.path,
    fieldSelector: info.fieldSelector,
  };
}
