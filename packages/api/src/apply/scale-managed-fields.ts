import type { ManagedFieldsEntry } from '../meta/object.ts';
import { difference, EMPTY, type FieldSet, isEmpty, isMember, setOf, union } from './field-set.ts';
import {
  decodeManagedFields,
  encodeManagedFields,
  type Managed,
  type Managers,
  managerId,
} from './managed-fields.ts';

const SCALE_VERSION = 'autoscaling/v1';
const REPLICAS_IN_SCALE = setOf(['spec', 'replicas']);

/**
 * The managedFields of an object's `scale` subresource: who owns its replicas, in terms of autoscaling/v1
 * (apimachinery's ScaleHandler.ToSubresource). A Scale with these can be applied and updated like any object.
 *
 * @param replicasPath where the kind keeps replicas, for example `['spec', 'replicas']`
 */
export function scaleManagedFields(
  parent: readonly ManagedFieldsEntry[] | undefined,
  replicasPath: readonly string[],
): ManagedFieldsEntry[] | undefined {
  const owners: Managers = new Map();
  for (const claim of decodeManagedFields(parent).values()) {
    if (!has(claim.set, replicasPath)) continue;
    const inScale = { ...claim, apiVersion: SCALE_VERSION, set: REPLICAS_IN_SCALE, source: undefined };
    owners.set(managerId(inScale), inScale);
  }
  return encodeManagedFields(owners);
}

/**
 * The object's managedFields after a change of its Scale (ScaleHandler.ToParent): who lost the replicas in
 * `scale` loses them, who got them there owns them in `apiVersion`. As upstream, a claim that is new has no time.
 */
export function parentManagedFields(
  parent: readonly ManagedFieldsEntry[] | undefined,
  scale: readonly ManagedFieldsEntry[] | undefined,
  replicasPath: readonly string[],
  apiVersion: string,
): ManagedFieldsEntry[] | undefined {
  const replicas = setOf(replicasPath);
  const owners = scaleOwners(scale, apiVersion);
  const result: Managers = new Map();
  for (const [id, claim] of decodeManagedFields(parent)) {
    if (!has(claim.set, replicasPath) || owners.delete(id)) {
      result.set(id, claim);
      continue;
    }
    const set = difference(claim.set, replicas);
    if (!isEmpty(set)) result.set(id, { ...claim, set, source: undefined });
  }
  for (const [id, { manager, operation, subresource }] of owners) {
    const own = result.get(id);
    const claim = own ?? { manager, operation, subresource, apiVersion, set: EMPTY, time: undefined };
    result.set(id, { ...claim, set: union(claim.set, replicas), source: undefined });
  }
  return encodeManagedFields(result, parent);
}

/** The claims of a Scale by the identity they have in the object. */
function scaleOwners(
  scale: readonly ManagedFieldsEntry[] | undefined,
  apiVersion: string,
): Map<string, Managed> {
  const owners = new Map<string, Managed>();
  for (const claim of decodeManagedFields(scale).values()) {
    if (has(claim.set, ['spec', 'replicas'])) owners.set(managerId({ ...claim, apiVersion }), claim);
  }
  return owners;
}

function has(set: FieldSet, path: readonly string[]): boolean {
  let node: FieldSet | undefined = set;
  for (const name of path) {
    node = node[`f:${name}`];
    if (node === undefined) return false;
  }
  return isMember(node);
}
