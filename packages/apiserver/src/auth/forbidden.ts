import { errors, goQuote as quote, type StatusError } from '@sampan/api';
import type { Attributes } from './contract.ts';

/** The 403 of a request that no authorizer allows (apiserver endpoints/handlers/responsewriters/errors.go). */
export function forbiddenError(attributes: Attributes, reason: string): StatusError {
  const text = forbiddenMessage(attributes).replace(/[&<>]/g, (char) =>
    char === '&' ? '&amp;' : char === '<' ? '&lt;' : '&gt;',
  );
  return errors.forbidden(
    { group: attributes.group, resource: attributes.resource },
    attributes.name,
    reason === '' ? text : `${text}: ${reason}`,
  );
}

function forbiddenMessage({
  user,
  verb,
  isResource,
  path,
  resource,
  subresource,
  group,
  namespace,
}: Attributes): string {
  const who = `User ${quote(user.name)} cannot ${verb}`;
  if (!isResource) return `${who} path ${quote(path)}`;
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${quote(namespace)}`;
  return `${who} resource ${quote(what)} in API group ${quote(group)} ${where}`;
}
