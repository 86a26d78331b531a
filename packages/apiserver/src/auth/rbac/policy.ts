import type { KubeObject } from '@sampan/api';

export type { PolicyRule, RoleObject } from '@sampan/api';

/** The kinds of rbac.authorization.k8s.io/v1, as far as authorization reads them. */
export interface RoleRef {
  apiGroup: string;
  kind: string;
  name: string;
}

export interface RbacSubject {
  kind: string;
  apiGroup?: string;
  name: string;
  namespace?: string;
}

export interface BindingObject extends KubeObject {
  roleRef: RoleRef;
  subjects?: readonly RbacSubject[] | null;
}

export const RBAC_GROUP = 'rbac.authorization.k8s.io';
export const AUTO_UPDATE = 'rbac.authorization.kubernetes.io/autoupdate';

/** Collections of the store, as ObjectReader names them. */
export const COLLECTION = {
  clusterRoles: `clusterroles.${RBAC_GROUP}`,
  clusterRoleBindings: `clusterrolebindings.${RBAC_GROUP}`,
  roles: `roles.${RBAC_GROUP}`,
  roleBindings: `rolebindings.${RBAC_GROUP}`,
} as const;

const NONE: readonly string[] = [];
/** Absent lists are empty ones. */
export const listOf = (list: readonly string[] | null | undefined): readonly string[] => list ?? NONE;
