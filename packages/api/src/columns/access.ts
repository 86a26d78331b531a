import { list } from '../core/shared.ts';
import type { Column } from '../kinds/resource.ts';
import type { KubeObject } from '../meta/object.ts';
import { ageColumn, createdAtColumns, NONE, nameColumn, text, wide } from './cells.ts';
import { humanDuration } from './duration.ts';

const subjects =
  (kind: string, show: (subject: { name: string; namespace?: string }) => string) => (binding: KubeObject) =>
    list(binding.subjects)
      .filter((subject) => subject.kind === kind)
      .map(show)
      .join(', ');

const bindingColumns: readonly Column[] = [
  nameColumn,
  text('Role', (object) => `${object.roleRef?.kind ?? ''}/${object.roleRef?.name ?? ''}`),
  ageColumn,
  wide(
    text(
      'Users',
      subjects('User', ({ name }) => name),
    ),
  ),
  wide(
    text(
      'Groups',
      subjects('Group', ({ name }) => name),
    ),
  ),
  wide(
    text(
      'ServiceAccounts',
      subjects('ServiceAccount', ({ name, namespace }) => (namespace ? `${namespace}/${name}` : name)),
    ),
  ),
];

function requestCondition(request: KubeObject): string {
  const has = (type: string): boolean =>
    list(request.status?.conditions).some((condition) => condition.type === type);
  const words = [has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending'];
  if (has('Failed')) words.push('Failed');
  if (request.status?.certificate) words.push('Issued');
  return words.join(',');
}

function requestedDuration(request: KubeObject): string {
  const seconds: number | undefined = request.spec?.expirationSeconds;
  return seconds === undefined ? NONE : humanDuration(seconds * 1000);
}

export const accessColumns: Readonly<Record<string, readonly Column[]>> = {
  'certificates.k8s.io/CertificateSigningRequest': [
    nameColumn,
    ageColumn,
    text('SignerName', (object) => object.spec?.signerName || NONE),
    text('Requestor', (object) => object.spec?.username ?? ''),
    text('RequestedDuration', requestedDuration),
    text('Condition', requestCondition),
  ],
  'rbac.authorization.k8s.io/ClusterRole': createdAtColumns,
  'rbac.authorization.k8s.io/ClusterRoleBinding': bindingColumns,
  'rbac.authorization.k8s.io/Role': createdAtColumns,
  'rbac.authorization.k8s.io/RoleBinding': bindingColumns,
};
