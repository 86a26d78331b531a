import { deepEqual, messageOf } from '@sampan/base';
import { requestOf, SIGNER, type SigningRequest } from '@sampan/machinery';
import type { Authorizer, UserInfo } from '../auth/contract.ts';
import type { AdmissionPlugin } from './contract.ts';
import { forbid, on } from './forbidden.ts';

const REQUESTS = 'certificatesigningrequests.certificates.k8s.io';
const MASTERS = 'system:masters';

/** May the user approve or sign for the signer, or for all of its domain? */
function mayFor(authorizer: Authorizer, user: UserInfo, verb: string, signerName: string): boolean {
  const domain = signerName.split('/', 1)[0] ?? '';
  return [signerName, `${domain}/*`].some(
    (name) =>
      authorizer.authorize({
        user,
        verb,
        isResource: true,
        group: 'certificates.k8s.io',
        version: '*',
        resource: 'signers',
        subresource: '',
        namespace: '',
        name,
        path: '',
      }).allowed,
  );
}

/** Approving needs permission for the signer (Kubernetes docs "Certificates and Certificate Signing Requests"). */
export function certificateApproval(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: 'CertificateApproval',
    handles: on(REQUESTS, 'UPDATE', ['approval']),
    validate(request): undefined {
      const signer = (request.old as SigningRequest | undefined)?.spec.signerName ?? '';
      if (mayFor(authorizer, request.user, 'approve', signer)) return;
      throw forbid(
        request,
        `user not permitted to approve requests with signerName ${JSON.stringify(signer)}`,
      );
    },
  };
}

/** Writing a certificate needs permission for the signer. */
export function certificateSigning(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: 'CertificateSigning',
    handles: on(REQUESTS, 'UPDATE', ['status']),
    validate(request): undefined {
      const { object, old } = request;
      const isSame =
        object?.status?.certificate === old?.status?.certificate &&
        deepEqual(object?.status?.conditions ?? [], old?.status?.conditions ?? []);
      if (isSame) return;
      const signer = (old as SigningRequest | undefined)?.spec.signerName ?? '';
      if (mayFor(authorizer, request.user, 'sign', signer)) return;
      throw forbid(request, `user not permitted to sign requests with signerName ${JSON.stringify(signer)}`);
    },
  };
}

/** Nobody becomes a member of system:masters by a signed certificate. */
export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  handles: on(REQUESTS, 'CREATE'),
  validate(request): undefined {
    const csr = request.object as SigningRequest | undefined;
    if (csr?.spec.signerName !== SIGNER.apiServerClient) return;
    let organizations: readonly string[];
    try {
      organizations = requestOf(csr).subject.organizations;
    } catch (error) {
      throw forbid(request, `failed to parse CSR: ${messageOf(error)}`);
    }
    if (!organizations.includes(MASTERS)) return;
    throw forbid(request, `use of ${SIGNER.apiServerClient} signer with ${MASTERS} group is not allowed`);
  },
};

/** Writes into a request who made it: what the signers decide by (registry/certificates strategy). */
export const certificateRequester: AdmissionPlugin = {
  name: 'CertificateRequester',
  handles: on(REQUESTS, 'CREATE'),
  allocate({ object, user }): undefined {
    if (!object) return;
    object.spec = {
      ...object.spec,
      username: user.name,
      ...(user.uid ? { uid: user.uid } : {}),
      ...(user.groups.length > 0 ? { groups: [...user.groups] } : {}),
      ...(user.extra && Object.keys(user.extra).length > 0 ? { extra: user.extra } : {}),
    };
  },
};
