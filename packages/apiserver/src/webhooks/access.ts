import type { AccessInput, AccessQuestion } from '@sampan/api';
import type { AdmissionRequest } from '../admission/contract.ts';
import type { Authorizer, UserInfo } from '../auth/contract.ts';
import { namespaceOf } from './subject.ts';

/** What expressions about a request may ask of the authorizer. */
export function accessOf(authorizer: Authorizer, request: AdmissionRequest): AccessInput {
  const { group, resource, version } = request.definition;
  return {
    ask(question) {
      const { allowed, reason } = authorizer.authorize({
        user: question.serviceAccount === undefined ? request.user : accountOf(question.serviceAccount),
        isResource: question.path === undefined,
        path: question.path ?? '',
        version: question.path === undefined ? version : '',
        ...partsOf(question),
      });
      return { allowed, reason };
    },
    requestResource: {
      group,
      resource,
      subresource: request.subresource,
      namespace: namespaceOf(request),
      name: request.name,
    },
  };
}

const partsOf = ({ verb, group, resource, subresource, namespace, name }: AccessQuestion) => ({
  verb,
  group,
  resource,
  subresource,
  namespace,
  name,
});

/** The user that a ServiceAccount, `NAMESPACE/NAME`, is. */
function accountOf(account: string): UserInfo {
  const [namespace = '', name = ''] = account.split('/');
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  };
}
