import { errors, type KubeObject } from '@sampan/api';
import type { ObjectReader } from '@sampan/machinery';
import type { AdmissionPlugin, AdmissionRequest } from './contract.ts';
import { forbid, resourceOf } from './forbidden.ts';

/** Namespaces that a cluster cannot do without. */
const IMMORTAL: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);

/** Asking about access in a namespace needs no namespace. */
const WITHOUT_NAMESPACE: ReadonlySet<string> = new Set(['localsubjectaccessreviews']);

/** Nothing is made in a namespace that is missing or ending (apiserver pkg/admission/plugin/namespace/lifecycle). */
export function namespaceLifecycle(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'NamespaceLifecycle',
    handles: ({ definition, operation }) => {
      if (definition.group === '' && definition.resource === 'namespaces') return operation === 'DELETE';
      return definition.namespaced && operation !== 'DELETE' && !WITHOUT_NAMESPACE.has(definition.resource);
    },
    admit(request) {
      if (request.operation === 'DELETE') checkMortal(request);
      else checkNamespace(request, reader);
    },
  };
}

function checkMortal(request: AdmissionRequest): void {
  if (!IMMORTAL.has(request.name)) return;
  throw errors.forbidden(resourceOf(request), request.name, 'this namespace may not be deleted');
}

function checkNamespace(request: AdmissionRequest, reader: ObjectReader): void {
  const name = request.namespace;
  const namespace = reader.get<KubeObject>('namespaces', '', name);
  if (!namespace) throw errors.notFound({ group: '', resource: 'namespaces' }, name);
  if (request.operation !== 'CREATE' || namespace.status?.phase !== 'Terminating') return;
  const error = forbid(
    request,
    `unable to create new content in namespace ${name} because it is being terminated`,
  );
  error.status.details = {
    ...error.status.details,
    causes: [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${name} is being terminated`,
        field: 'metadata.namespace',
      },
    ],
  };
  throw error;
}
