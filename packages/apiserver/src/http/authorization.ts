import { errors, StatusError } from '@sampan/api';
import type { Attributes } from '../auth/contract.ts';
import type { ApiContext } from './api-context.ts';
import type { Exchange } from './exchange.ts';

/** Throws Forbidden with upstream's text. */
export function authorize(api: ApiContext, exchange: Exchange): void {
  const attributes = attributesOf(exchange);
  const decision = api.authorizer.authorize(attributes);
  if (decision.allowed) return;
  throw forbiddenFor(attributes, decision.reason);
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
  };
}

/** apiserver pkg/endpoints/handlers/responsewriters Forbidden. */
export function forbiddenFor(attributes: Attributes, reason: string): StatusError {
  const text = forbiddenText(attributes) + (reason === '' ? '' : `: ${reason}`);
  const { group, resource, name, isResource } = attributes;
  if (!isResource) return new StatusError('Forbidden', `forbidden: ${text}`, {});
  return errors.forbidden({ group, resource }, name, text);
}

function forbiddenText({
  user,
  verb,
  isResource,
  group,
  resource,
  subresource,
  namespace,
  path,
}: Attributes): string {
  const who = `User ${JSON.stringify(user.name)} cannot ${verb}`;
  if (!isResource) return `${who} path ${JSON.stringify(path)}`;
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  return `${who} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${where}`;
}
