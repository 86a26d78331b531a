import { isRequestUri } from './formats.ts';

/** The annotation by which groups of the Kubernetes project vouch for a definition. */
export const API_APPROVED = 'api-approved.kubernetes.io';

export interface ApiApproval {
  readonly state: 'approved' | 'bypassed' | 'missing' | 'invalid';
  readonly reason: string;
}

/** Groups of the Kubernetes project: *.k8s.io and *.kubernetes.io. */
export function isProtectedGroup(group: string): boolean {
  return ['k8s.io', 'kubernetes.io'].some((own) => group === own || group.endsWith(`.${own}`));
}

/** Source: apiextensions-apiserver pkg/apihelpers.GetAPIApprovalState. */
export function apiApproval(annotations: Readonly<Record<string, string>> | undefined): ApiApproval {
  const value = annotations?.[API_APPROVED] ?? '';
  const see = 'see https://github.com/kubernetes/enhancements/pull/1111';
  const must = `protected groups must have approval annotation "${API_APPROVED}"`;
  if (value === '') return { state: 'missing', reason: `${must}, ${see}` };
  if (value.startsWith('unapproved'))
    return { state: 'bypassed', reason: `not approved: ${JSON.stringify(value)}` };
  if (isRequestUri(value) && /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/?#]+/.test(value)) {
    return { state: 'approved', reason: `approved in ${value}` };
  }
  return {
    state: 'invalid',
    reason: `${must} with either a URL or a reason starting with "unapproved", ${see}`,
  };
}
