import type { KubeObject, PolicyInput } from '@sampan/api';
import type { ObjectReader } from '@sampan/machinery';
import type { AdmissionRequest } from '../admission/contract.ts';
import type { Authorizer } from '../auth/contract.ts';
import type { ResourceTable } from '../registry/resource-table.ts';
import { accessOf } from '../webhooks/access.ts';
import { admissionRequest, type Question } from '../webhooks/admission-review.ts';
import type { RequestMatcher } from '../webhooks/matching.ts';
import { namespaceOf } from '../webhooks/subject.ts';

/** What policies of both sorts work with. */
export interface PolicyContext {
  readonly reader: ObjectReader;
  readonly matcher: RequestMatcher;
  readonly authorizer: Authorizer;
  resources(): ResourceTable;
}

/** What the expressions of a policy see of a request; its params are for the caller to add. */
export function inputOf({ reader, authorizer }: PolicyContext, question: Question): PolicyInput {
  const {
    object: _object,
    oldObject: _old,
    ...request
  } = admissionRequest(question, '') as {
    object: unknown;
    oldObject: unknown;
  };
  return {
    object: question.object,
    oldObject: question.old,
    request,
    params: undefined,
    namespaceObject: namespaceObject(reader, question.request),
    access: accessOf(authorizer, question.request),
  };
}

/** The namespace of a namespaced object, as far as expressions may see it. */
function namespaceObject(reader: ObjectReader, request: AdmissionRequest): object | undefined {
  if (!request.definition.namespaced) return undefined;
  const found = reader.get<KubeObject>('namespaces', '', namespaceOf(request));
  if (!found) return undefined;
  const { metadata, spec, status } = found;
  return { apiVersion: 'v1', kind: 'Namespace', metadata, spec, status };
}
