import type { ApiService } from '../apiregistration/apiservice.ts';
import { list } from '../core/shared.ts';
import type { Column } from '../kinds/resource.ts';
import type { KubeObject } from '../meta/object.ts';
import { ageColumn, integer, nameColumn, text } from './cells.ts';

const webhookColumns: readonly Column[] = [
  nameColumn,
  integer('Webhooks', (object) => list(object.webhooks).length),
  ageColumn,
];

function serviceOf(object: KubeObject): string {
  const { service } = (object as ApiService).spec;
  return service ? `${service.namespace}/${service.name}` : 'Local';
}

function availability(object: KubeObject): string {
  const found = (object as ApiService).status?.conditions?.find(({ type }) => type === 'Available');
  if (!found) return 'Unknown';
  return found.status !== 'True' && found.reason ? `${found.status} (${found.reason})` : found.status;
}

export const registrationColumns: Readonly<Record<string, readonly Column[]>> = {
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': webhookColumns,
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': webhookColumns,
  'apiregistration.k8s.io/APIService': [
    nameColumn,
    text('Service', serviceOf),
    text('Available', availability),
    ageColumn,
  ],
};
