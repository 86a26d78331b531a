import { errors, type KubeObject } from '@sampan/api';
import { deepEqual } from '@sampan/base';
import type { ObjectReader } from '@sampan/machinery';
import { nodeOf } from '../auth/node/node-authorizer.ts';
import { podReferences } from '../auth/node/pod-references.ts';
import { GROUP } from '../auth/users.ts';
import type { AdmissionPlugin, AdmissionRequest } from './contract.ts';
import { forbid } from './forbidden.ts';
import { foreignLabels } from './node-labels.ts';

type Check = (request: AdmissionRequest, node: string, reader: ObjectReader) => void;

const MIRROR = 'kubernetes.io/config.mirror';
const LEASES = 'kube-node-lease';
const q = JSON.stringify;

/** Nodes write themselves and what runs on them, nothing else (Kubernetes docs "NodeRestriction"; plugin/pkg/admission/noderestriction). */
export function nodeRestriction(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'NodeRestriction',
    handles: ({ definition, operation }) =>
      operation !== 'CONNECT' && CHECKS.has(`${definition.resource}.${definition.group}`),
    admit(request) {
      const { user, definition } = request;
      if (!user.groups.includes(GROUP.nodes)) return;
      const node = nodeOf(user);
      if (node === undefined) return;
      if (node === '') throw forbid(request, `could not determine node from user ${q(user.name)}`);
      CHECKS.get(`${definition.resource}.${definition.group}`)?.(request, node, reader);
    },
  };
}

const unexpected = (request: AdmissionRequest) =>
  forbid(request, `unexpected operation ${q(request.operation)}`);

function checkPod(request: AdmissionRequest, node: string, reader: ObjectReader): void {
  const { subresource } = request;
  if (subresource === '') checkPodItself(request, node, reader);
  else if (subresource === 'status') checkPodStatus(request, node);
  else if (subresource === 'eviction') checkEviction(request, node, reader);
  else {
    throw forbid(
      request,
      `unexpected pod subresource ${q(subresource)}, only 'status' and 'eviction' are allowed`,
    );
  }
}

function checkPodItself(request: AdmissionRequest, node: string, reader: ObjectReader): void {
  const { operation, old } = request;
  if (operation === 'CREATE') {
    checkMirrorPod(request, node, reader);
  } else if (operation !== 'DELETE') {
    throw forbid(
      request,
      `unexpected operation ${q(operation)}, node ${q(node)} can only create and delete mirror pods`,
    );
  } else if (old?.spec?.nodeName !== node) {
    throw forbid(request, `node ${q(node)} can only delete pods with spec.nodeName set to itself`);
  }
}

function checkMirrorPod(request: AdmissionRequest, node: string, reader: ObjectReader): void {
  const pod = request.object;
  if (!pod) return;
  if (pod.metadata.annotations?.[MIRROR] === undefined) {
    throw forbid(
      request,
      `pod does not have ${q(MIRROR)} annotation, node ${q(node)} can only create mirror pods`,
    );
  }
  if (pod.spec?.nodeName !== node) {
    throw forbid(request, `node ${q(node)} can only create pods with spec.nodeName set to itself`);
  }
  checkOwner(request, pod, node, reader);
  const kinds = new Set([...podReferences(pod)].map((key) => key.split(':', 1)[0]));
  const wrong = FORBIDDEN_REFERENCES.find(([kind]) => kinds.has(kind));
  if (wrong || pod.spec.serviceAccountName) {
    const what = pod.spec.serviceAccountName ? 'a service account' : wrong?.[1];
    throw forbid(request, `node ${q(node)} can not create pods that reference ${what}`);
  }
}

const FORBIDDEN_REFERENCES = [
  ['account', 'a service account'],
  ['secret', 'secrets'],
  ['configmap', 'configmaps'],
  ['pvc', 'persistentvolumeclaims'],
  ['claim', 'resourceclaims'],
] as const;

function checkOwner(request: AdmissionRequest, pod: KubeObject, node: string, reader: ObjectReader): void {
  const owners = pod.metadata.ownerReferences ?? [];
  const start = `node ${q(node)} can only create pods with`;
  if (owners.length > 1) throw forbid(request, `${start} a single owner reference set to itself`);
  const [owner] = owners;
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node) {
    throw forbid(request, `${start} an owner reference set to itself`);
  }
  if (!owner.controller) throw forbid(request, `${start} a controller owner reference set to itself`);
  if (owner.blockOwnerDeletion) {
    throw forbid(request, `node ${q(node)} must not set blockOwnerDeletion on an owner reference`);
  }
  const uid = reader.get('nodes', '', node)?.metadata.uid;
  if (uid === undefined) throw errors.notFound({ group: '', resource: 'node' }, node);
  if (owner.uid !== uid) {
    throw forbid(request, `node ${node} UID mismatch: expected ${owner.uid} got ${uid}`);
  }
}

function checkPodStatus(request: AdmissionRequest, node: string): void {
  const { object, old } = request;
  if (request.operation !== 'UPDATE') throw unexpected(request);
  if (old?.spec?.nodeName !== node) {
    throw forbid(
      request,
      `node ${q(node)} can only update pod status for pods with spec.nodeName set to itself`,
    );
  }
  if (!deepEqual(old?.metadata.labels ?? {}, object?.metadata.labels ?? {})) {
    throw forbid(request, `node ${q(node)} cannot update labels through pod status`);
  }
  if (!deepEqual(old?.status?.resourceClaimStatuses ?? [], object?.status?.resourceClaimStatuses ?? [])) {
    throw forbid(request, `node ${q(node)} cannot update resource claim statues`);
  }
}

function checkEviction(request: AdmissionRequest, node: string, reader: ObjectReader): void {
  if (request.operation !== 'CREATE') throw unexpected(request);
  const pod = reader.get('pods', request.namespace, request.name);
  if (!pod) throw errors.notFound({ group: '', resource: 'pod' }, request.name);
  if (pod.spec?.nodeName !== node) {
    throw forbid(request, `node ${node} can only evict pods with spec.nodeName set to itself`);
  }
}

function checkNode(request: AdmissionRequest, node: string): void {
  const { object, old, operation } = request;
  const name = request.name || (object?.metadata.name ?? '');
  if (name !== node) throw forbid(request, `node ${q(node)} is not allowed to modify node ${q(name)}`);
  if (!object) return;
  const labels = foreignLabels(object.metadata.labels ?? {}, old?.metadata.labels ?? {});
  if (operation === 'CREATE') {
    if (object.spec?.configSource) {
      throw forbid(request, `node ${q(node)} is not allowed to create pods with a non-nil configSource`);
    }
    if (labels.length > 0) {
      throw forbid(
        request,
        `node ${q(node)} is not allowed to set the following labels: ${labels.join(', ')}`,
      );
    }
    if ((object.metadata.ownerReferences ?? []).length > 0) {
      throw forbid(request, `node ${q(node)} is not allowed to set owner references`);
    }
    return;
  }
  if (object.spec?.configSource && !deepEqual(object.spec.configSource, old?.spec?.configSource)) {
    throw forbid(
      request,
      `node ${q(node)} is not allowed to update configSource to a new non-nil configSource`,
    );
  }
  if (!deepEqual(object.spec?.taints ?? [], old?.spec?.taints ?? [])) {
    throw forbid(request, `node ${q(node)} is not allowed to modify taints`);
  }
  if (labels.length > 0) throw forbid(request, `is not allowed to modify labels: ${labels.join(', ')}`);
  if (!deepEqual(object.metadata.ownerReferences ?? [], old?.metadata.ownerReferences ?? [])) {
    throw forbid(request, `node ${q(node)} is not allowed to modify ownerReferences`);
  }
}

/** What a node may write of a claim: how large its volume has become. */
function checkClaim(request: AdmissionRequest, node: string): void {
  if (request.subresource !== 'status') throw forbid(request, 'may only update PVC status');
  if (request.operation !== 'UPDATE') throw unexpected(request);
  const bare = (claim: KubeObject | undefined): unknown => {
    if (!claim) return undefined;
    const {
      capacity: _c,
      conditions: _o,
      allocatedResources: _a,
      allocatedResourceStatuses: _s,
      ...status
    } = claim.status ?? {};
    const { managedFields: _m, resourceVersion: _r, ...metadata } = claim.metadata;
    return { ...claim, metadata, status };
  };
  if (deepEqual(bare(request.object), bare(request.old))) return;
  throw forbid(
    request,
    `node ${q(node)} is not allowed to update fields other than status.quantity, status.conditions and allocated resources`,
  );
}

function checkToken(request: AdmissionRequest, node: string, reader: ObjectReader): void {
  if (request.operation !== 'CREATE' || request.subresource !== 'token') return;
  const ref = request.object?.spec?.boundObjectRef;
  if (ref?.apiVersion !== 'v1' || ref.kind !== 'Pod' || !ref.name) {
    throw forbid(request, 'node requested token not bound to a pod');
  }
  if (!ref.uid) throw forbid(request, 'node requested token with a pod binding without a uid');
  const pod = reader.get('pods', request.namespace, ref.name);
  if (!pod) throw errors.notFound({ group: '', resource: 'pod' }, ref.name);
  if (pod.metadata.uid !== ref.uid) {
    throw forbid(
      request,
      `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  if (pod.spec?.nodeName !== node) {
    throw forbid(request, 'node requested token bound to a pod scheduled on a different node');
  }
}

function checkLease(request: AdmissionRequest, node: string): void {
  if (request.namespace !== LEASES) {
    throw forbid(request, `can only access leases in the ${q(LEASES)} system namespace`);
  }
  if (nameOf(request) !== node)
    throw forbid(request, 'can only access node lease with the same name as the requesting node');
}

function checkCsiNode(request: AdmissionRequest, node: string): void {
  if (nameOf(request) !== node)
    throw forbid(request, 'can only access CSINode with the same name as the requesting node');
}

/** At create the name is in the object only. */
const nameOf = ({ operation, name, object }: AdmissionRequest): string =>
  operation === 'CREATE' ? (object?.metadata.name ?? '') : name;

/** By `RESOURCE.GROUP`. */
const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['pods.', checkPod],
  ['nodes.', checkNode],
  ['persistentvolumeclaims.', checkClaim],
  ['serviceaccounts.', checkToken],
  ['leases.coordination.k8s.io', checkLease],
  ['csinodes.storage.k8s.io', checkCsiNode],
]);
