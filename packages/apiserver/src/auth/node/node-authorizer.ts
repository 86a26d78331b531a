import { goQuote, parseFieldSelector } from '@sampan/api';
import { ALLOWED, NO_OPINION, noOpinion } from '../authorizer-union.ts';
import type { Attributes, Authorizer, Decision, ResolvedRules, RuleResolver, UserInfo } from '../contract.ts';
import { compileRules } from '../rbac/compiled-role.ts';
import { NODE_RULES } from '../rbac/default-cluster-roles.ts';
import { GROUP } from '../users.ts';
import type { NodeGraph } from './node-graph.ts';
import { type ReferenceKind, referenceKey } from './pod-references.ts';

const NODE_PREFIX = 'system:node:';
const LEASE_NAMESPACE = 'kube-node-lease';

/** The node that a user is; undefined when it is none. */
export function nodeOf(user: UserInfo): string | undefined {
  return user.name.startsWith(NODE_PREFIX) && user.groups.includes(GROUP.nodes)
    ? user.name.slice(NODE_PREFIX.length)
    : undefined;
}

/**
 * Lets nodes do what they need for the pods bound to them, and no more (Kubernetes docs "Using Node
 * Authorization", kubernetes plugin/pkg/auth/authorizer/node). Of others it has no opinion.
 */
export class NodeAuthorizer implements Authorizer, RuleResolver {
  readonly #graph: NodeGraph;

  constructor(graph: NodeGraph) {
    this.#graph = graph;
  }

  authorize(attributes: Attributes): Decision {
    const node = nodeOf(attributes.user);
    if (node === undefined) return NO_OPINION;
    if (node === '') return noOpinion(`unknown node for user ${goQuote(attributes.user.name)}`);
    const special = attributes.isResource
      ? SPECIAL.get(`${attributes.resource}.${attributes.group}`)
      : undefined;
    if (special) return special(attributes, node, this.#graph);
    return nodeRules(attributes) ? ALLOWED : NO_OPINION;
  }

  rulesFor(user: UserInfo): ResolvedRules {
    const isNode = nodeOf(user) !== undefined;
    return {
      resourceRules: [],
      nonResourceRules: [],
      incomplete: isNode,
      evaluationError: isNode ? 'node authorizer does not support user rule resolution' : '',
    };
  }
}

const nodeRules = compileRules(NODE_RULES);

type Special = (attributes: Attributes, node: string, graph: NodeGraph) => Decision;

const has = (list: string, verb: string): boolean => list.split(' ').includes(verb);

function related(
  kind: ReferenceKind,
  { namespace, name }: Attributes,
  node: string,
  graph: NodeGraph,
): Decision {
  if (name === '') return noOpinion('No Object name found');
  return graph.isRelated(referenceKey(kind, namespace, name), node)
    ? ALLOWED
    : noOpinion(`no relationship found between node '${node}' and this object`);
}

const readOne =
  (kind: ReferenceKind): Special =>
  (attributes, node, graph) => {
    if (!has('get list watch', attributes.verb)) return noOpinion('can only read resources of this type');
    if (attributes.subresource !== '') return noOpinion('cannot read subresource');
    if (attributes.namespace === '') return noOpinion('can only read namespaced object of this type');
    return related(kind, attributes, node, graph);
  };

const getOne =
  (kind: ReferenceKind): Special =>
  (attributes, node, graph) => {
    if (attributes.verb !== 'get') return noOpinion('can only get individual resources of this type');
    if (attributes.subresource !== '') return noOpinion('cannot get subresource');
    return related(kind, attributes, node, graph);
  };

const claim: Special = (attributes, node, graph) => {
  if (attributes.subresource !== 'status') return getOne('pvc')(attributes, node, graph);
  if (!has('update patch', attributes.verb)) return noOpinion('can only get/update/patch this type');
  return related('pvc', attributes, node, graph);
};

const account: Special = (attributes, node, graph) => {
  if (attributes.verb !== 'create' || attributes.name === '')
    return noOpinion('can only create tokens for individual service accounts');
  if (attributes.subresource !== 'token')
    return noOpinion('can only create token subresource of serviceaccount');
  return related('account', attributes, node, graph);
};

const OWN_VERBS = 'get create update patch delete';

const lease: Special = ({ verb, namespace, name }, node) => {
  if (!has(OWN_VERBS, verb)) return noOpinion('can only get, create, update, patch, or delete a node lease');
  if (namespace !== LEASE_NAMESPACE)
    return noOpinion(`can only access leases in the ${goQuote(LEASE_NAMESPACE)} system namespace`);
  // at create the name is in the body: NodeRestriction looks at it
  if (verb !== 'create' && name !== node)
    return noOpinion('can only access node lease with the same name as the requesting node');
  return ALLOWED;
};

const csiNode: Special = ({ verb, subresource, name }, node) => {
  if (!has(OWN_VERBS, verb)) return noOpinion('can only get, create, update, patch, or delete a CSINode');
  if (subresource !== '') return noOpinion('cannot authorize CSINode subresources');
  if (verb !== 'create' && name !== node)
    return noOpinion('can only access CSINode with the same name as the requesting node');
  return ALLOWED;
};

const slice: Special = (attributes, node, graph) => {
  if (attributes.subresource !== '') return noOpinion('cannot authorize ResourceSlice subresources');
  if (attributes.verb === 'create') return ALLOWED;
  if (has('get update patch delete', attributes.verb)) return related('slice', attributes, node, graph);
  if (has('watch list deletecollection', attributes.verb)) {
    return selects(attributes, 'nodeName', node)
      ? ALLOWED
      : noOpinion('can only list/watch/deletecollection resourceslices with nodeName field selector');
  }
  return noOpinion(
    'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
  );
};

const nodeObject: Special = ({ verb, subresource, name }, node) => {
  if (subresource === 'status') return has('update patch', verb) ? ALLOWED : NO_OPINION;
  if (subresource !== '') return NO_OPINION;
  // NodeRestriction keeps writes to the node's own object
  if (has('create update patch', verb)) return ALLOWED;
  if (!has('get list watch', verb)) return NO_OPINION;
  if (name === node) return ALLOWED;
  return noOpinion(
    name === ''
      ? `node '${node}' cannot read all nodes, only its own Node object`
      : `node '${node}' cannot read '${name}', only its own Node object`,
  );
};

const pod: Special = (attributes, node, graph) => {
  const { verb, subresource, name } = attributes;
  if (subresource === 'status') return has('update patch', verb) ? ALLOWED : NO_OPINION;
  if (subresource === 'eviction') return verb === 'create' ? ALLOWED : NO_OPINION;
  if (subresource !== '') return NO_OPINION;
  if (verb === 'get') return getOne('pod')(attributes, node, graph);
  if (has('create delete', verb)) return ALLOWED;
  if (!has('list watch', verb)) return NO_OPINION;
  if (selects(attributes, 'spec.nodeName', node)) return ALLOWED;
  return name === ''
    ? noOpinion('can only list/watch pods with spec.nodeName field selector')
    : related('pod', attributes, node, graph);
};

/** By `RESOURCE.GROUP`; all else goes by the rules of the role system:node. */
const SPECIAL: ReadonlyMap<string, Special> = new Map<string, Special>([
  ['secrets.', readOne('secret')],
  ['configmaps.', readOne('configmap')],
  ['persistentvolumeclaims.', claim],
  ['persistentvolumes.', getOne('pv')],
  ['resourceclaims.resource.k8s.io', getOne('claim')],
  ['volumeattachments.storage.k8s.io', getOne('va')],
  ['serviceaccounts.', account],
  ['leases.coordination.k8s.io', lease],
  ['csinodes.storage.k8s.io', csiNode],
  ['resourceslices.resource.k8s.io', slice],
  ['nodes.', nodeObject],
  ['pods.', pod],
]);

function selects({ fieldSelector = '' }: Attributes, field: string, value: string): boolean {
  if (fieldSelector === '') return false;
  try {
    return parseFieldSelector(fieldSelector).requirements.some(
      (each) => each.field === field && each.operator === '=' && each.value === value,
    );
  } catch {
    // a malformed selector selects nothing here; the list itself refuses it
    return false;
  }
}
