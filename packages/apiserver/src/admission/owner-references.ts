import { type OwnerReference, parseApiVersion } from '@sampan/api';
import { deepEqual } from '@sampan/base';
import type { Authorizer, UserInfo } from '../auth/contract.ts';
import type { AdmissionPlugin, AdmissionRequest } from './contract.ts';
import { forbid } from './forbidden.ts';

/**
 * Who sets owners must be allowed to delete the object, and who blocks an owner's deletion to change the owner's
 * finalizers (Kubernetes docs "OwnerReferencesPermissionEnforcement"; plugin/pkg/admission/gc). Off by default. The
 * owner's resource is guessed from its kind.
 */
export function ownerReferencesPermissionEnforcement(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: 'OwnerReferencesPermissionEnforcement',
    handles: ({ operation, subresource, definition }) =>
      (operation === 'CREATE' || operation === 'UPDATE') &&
      subresource !== 'status' &&
      !(definition.resource === 'pods' && subresource !== ''),
    validate(request): undefined {
      const owners = request.object?.metadata.ownerReferences ?? [];
      const before = request.old?.metadata.ownerReferences ?? [];
      if (deepEqual(owners, before)) return;
      if (request.old && !may(authorizer, request, 'delete')) {
        throw forbid(request, "cannot set an ownerRef on a resource you can't delete: ");
      }
      for (const owner of newlyBlocking(owners, before)) checkOwner(authorizer, request, owner);
    },
  };
}

const newlyBlocking = (owners: readonly OwnerReference[], before: readonly OwnerReference[]) =>
  owners.filter(
    ({ blockOwnerDeletion, uid }) =>
      blockOwnerDeletion && !before.some((other) => other.uid === uid && other.blockOwnerDeletion),
  );

function may(authorizer: Authorizer, request: AdmissionRequest, verb: string): boolean {
  const { definition, namespace, name, user } = request;
  return authorizer.authorize({
    ...attributes(user, verb),
    group: definition.group,
    version: definition.version,
    resource: definition.resource,
    subresource: request.subresource,
    namespace,
    name,
  }).allowed;
}

function checkOwner(authorizer: Authorizer, request: AdmissionRequest, owner: OwnerReference): void {
  const { group, version } = parseApiVersion(owner.apiVersion);
  const { allowed } = authorizer.authorize({
    ...attributes(request.user, 'update'),
    group,
    version,
    resource: resourceOf(owner.kind),
    subresource: 'finalizers',
    namespace: request.namespace,
    name: owner.name,
  });
  if (allowed) return;
  throw forbid(
    request,
    "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: ",
  );
}

/** apimachinery pkg/api/meta UnsafeGuessKindToResource. */
function resourceOf(kind: string): string {
  const singular = kind.toLowerCase();
  if (singular === 'endpoints') return singular;
  if (singular.endsWith('s')) return `${singular}es`;
  return singular.endsWith('y') ? `${singular.slice(0, -1)}ies` : `${singular}s`;
}

const attributes = (user: UserInfo, verb: string) => ({ user, verb, isResource: true, path: '' });
