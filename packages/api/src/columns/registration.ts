import type { ApiService } from '../apiregistration/apiservice.ts';
import { list } from '../core/shared.ts';
import type { Column } from '../kinds/resource.ts';
import type { KubeObject } from '../meta/object.ts';
import { ageColumn, integer, nameColumn, text, UNSET } from './cells.ts';

const webhookColumns: readonly Column[] = [
  nameColumn,
  integer('Webhooks', (object) => list(object.webhooks).length),
  ageColumn,
];

function paramKindOf(object: KubeObject): string {
  const { paramKind } = object.spec ?? {};
  return paramKind ? `${paramKind.apiVersion}/${paramKind.kind}` : UNSET;
}

function paramRefOf(object: KubeObject): string {
  const { paramRef } = object.spec ?? {};
  if (!paramRef) return UNSET;
  if (!paramRef.name) return '*/*';
  return paramRef.namespace ? `${paramRef.namespace}/${paramRef.name}` : `*/${paramRef.name}`;
}

function serviceOf(object: KubeObject): string {
  const { service } = (object as ApiService).spec;
  return service ? `${service.namespace}/${service.name}` : 'Local';
}

function availability(object: KubeObject): string {
  const found = (object as ApiService).status?.conditions?.find(({ type }) => type === 'Available');
  if (!found) return 'Unknown';
  return found.status !== 'True' && found.reason ? `${found.status} (${found.reason})` : found.status;
}

const bindingColumns: readonly Column[] = [
  nameColumn,
  text('PolicyName', (object) => object.spec?.policyName ?? ''),
  text('ParamRef', paramRefOf),
  ageColumn,
];

export const registrationColumns: Readonly<Record<string, readonly Column[]>> = {
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy': [
    nameColumn,
    integer('Validations', (object) => list(object.spec?.validations).length),
    text('ParamKind', paramKindOf),
    ageColumn,
  ],
  'admissionregistration.k8s.io/MutatingAdmissionPolicy': [
    nameColumn,
    integer('Mutations', (object) => list(object.spec?.mutations).length),
    text('ParamKind', paramKindOf),
    ageColumn,
  ],
  'admissionregistration.k8s.io/MutatingAdmissionPolicyBinding': bindingColumns,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding': bindingColumns,
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': webhookColumns,
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': webhookColumns,
  'apiregistration.k8s.io/APIService': [
    nameColumn,
    text('Service', serviceOf),
    text('Available', availability),
    ageColumn,
  ],
};
