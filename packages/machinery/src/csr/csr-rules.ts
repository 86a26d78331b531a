import type { KubeObject } from '@sampan/api';
import type { CertificateAuthority } from '../pki/authority.ts';
import { type CertificateRequest, parseCertificateRequest, signRequest } from '../pki/request.ts';

/** The signers that the control plane itself serves (Kubernetes docs "Certificates and Certificate Signing Requests"). */
export const SIGNER = {
  apiServerClient: 'kubernetes.io/kube-apiserver-client',
  kubeletClient: 'kubernetes.io/kube-apiserver-client-kubelet',
  kubeletServing: 'kubernetes.io/kubelet-serving',
  legacyUnknown: 'kubernetes.io/legacy-unknown',
} as const;

/** certificates.k8s.io/v1, as far as it is read here. */
export interface SigningRequest extends KubeObject {
  spec: {
    /** base64 of PEM. */
    request: string;
    signerName: string;
    usages?: string[];
    expirationSeconds?: number;
    username?: string;
    uid?: string;
    groups?: string[];
    extra?: Record<string, string[]>;
  };
}

/** Parses `spec.request`; throws an Error with a text for the user. */
export const requestOf = (csr: SigningRequest): CertificateRequest =>
  parseCertificateRequest(Buffer.from(csr.spec.request, 'base64').toString('latin1'));

const SERVING_USAGES = ['digital signature', 'key encipherment', 'server auth'];
const CLIENT_USAGES = ['client auth', 'digital signature', 'key encipherment'];

/** Why a request is not one of a kubelet's serving certificate; undefined when it is. */
export function kubeletServingError(
  request: CertificateRequest,
  usages: readonly string[],
): string | undefined {
  if (!isNodesOnly(request)) return 'subject organization is not system:nodes';
  if (request.dnsNames.length === 0 && request.ipAddresses.length === 0)
    return 'DNS or IP subjectAltName is required';
  if (request.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed';
  if (!sameUsages(usages, SERVING_USAGES)) return `usages did not match ${goList(SERVING_USAGES)}`;
  return isNodeName(request) ? undefined : 'subject common name does not begin with system:node:';
}

/** Why a request is not one of a kubelet's client certificate; undefined when it is. */
export function kubeletClientError(
  request: CertificateRequest,
  usages: readonly string[],
): string | undefined {
  if (!isNodesOnly(request)) return 'subject organization is not system:nodes';
  if (request.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed';
  if (request.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (request.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed';
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed';
  if (!isNodeName(request)) return 'subject common name does not begin with system:node:';
  return sameUsages(usages, CLIENT_USAGES) ? undefined : `usages did not match ${goList(CLIENT_USAGES)}`;
}

/** Why the usages are not those of a client certificate; undefined when they are. */
export function apiServerClientError(usages: readonly string[]): string | undefined {
  const odd = usages.find((usage) => !CLIENT_USAGES.includes(usage));
  if (odd !== undefined) return `invalid usage for client certificate: ${odd}`;
  return usages.includes('client auth')
    ? undefined
    : 'missing required usage for client certificate: client auth';
}

const isNodesOnly = ({ subject }: CertificateRequest): boolean =>
  subject.organizations.length === 1 && subject.organizations[0] === 'system:nodes';
const isNodeName = ({ subject }: CertificateRequest): boolean =>
  subject.commonName.startsWith('system:node:');

/** `key encipherment` is of use to RSA keys only and may be left out. */
function sameUsages(usages: readonly string[], wanted: readonly string[]): boolean {
  const all = new Set(usages);
  const least = wanted.filter((usage) => usage !== 'key encipherment');
  return least.every((usage) => all.has(usage)) && [...all].every((usage) => wanted.includes(usage));
}

const goList = (list: readonly string[]): string => `[${list.join(' ')}]`;

export type ApprovalDecision =
  | { readonly action: 'approve'; readonly message: string }
  /** Not a request that is approved by itself. */
  | { readonly action: 'ignore' }
  /** One that would be, but its requester may not; `tried` names the permissions. */
  | { readonly action: 'refuse'; readonly message: string };

/** Permissions that let a node have its client certificate without a person's approval, strongest claim first. */
const RECOGNIZERS = [
  {
    subresource: 'selfnodeclient',
    recognizes: (csr: SigningRequest, request: CertificateRequest) =>
      csr.spec.username === request.subject.commonName,
    message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
  },
  {
    subresource: 'nodeclient',
    recognizes: () => true,
    message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
  },
] as const;

/**
 * Should a request be approved by itself (kubernetes certificates approver/sarapprove.go)? Asked for requests
 * without certificate, approval or denial; write condition Approved with reason `AutoApproved` and the message.
 * `mayCreate`: may the requester (`spec.username`, …) create `certificatesigningrequests/SUBRESOURCE`?
 * Rejects when the request cannot be parsed.
 */
export async function decideApproval(
  csr: SigningRequest,
  mayCreate: (subresource: string) => boolean | Promise<boolean>,
): Promise<ApprovalDecision> {
  if (csr.spec.signerName !== SIGNER.kubeletClient) return { action: 'ignore' };
  const request = requestOf(csr);
  if (kubeletClientError(request, csr.spec.usages ?? []) !== undefined) return { action: 'ignore' };
  const tried: string[] = [];
  for (const { subresource, recognizes, message } of RECOGNIZERS) {
    if (!recognizes(csr, request)) continue;
    tried.push(subresource);
    if (await mayCreate(subresource)) return { action: 'approve', message };
  }
  return {
    action: 'refuse',
    message: `recognized csr ${JSON.stringify(csr.metadata.name)} as ${goList(tried)} but subject access review was not approved`,
  };
}

export type SigningDecision =
  /** PEM for `status.certificate` (base64 it). */
  | { readonly action: 'sign'; readonly certificate: string }
  /** Condition `Failed`, reason `SignerValidationFailure`. */
  | { readonly action: 'fail'; readonly message: string }
  /** Not a signer of ours. */
  | { readonly action: 'ignore' };

const DAY_SECONDS = 24 * 3600;
const SHORTEST_SECONDS = 600;

/**
 * Signs an approved request that has neither certificate nor condition Failed (kubernetes certificates
 * signer/signer.go). `seconds`: longest validity, one year by default; the request may ask for less, down to ten
 * minutes. `now` in milliseconds.
 */
export function signApproved(
  csr: SigningRequest,
  authority: CertificateAuthority,
  options: { readonly seconds?: number; readonly now?: number } = {},
): SigningDecision {
  const usages = csr.spec.usages ?? [];
  const known = (Object.values(SIGNER) as string[]).includes(csr.spec.signerName);
  if (!known) return { action: 'ignore' };
  try {
    const request = requestOf(csr);
    const message = signerError(csr.spec.signerName, request, usages);
    if (message !== undefined) return { action: 'fail', message };
    const longest = options.seconds ?? 365 * DAY_SECONDS;
    const asked = csr.spec.expirationSeconds ?? longest;
    const seconds = Math.min(longest, Math.max(SHORTEST_SECONDS, asked));
    return {
      action: 'sign',
      certificate: signRequest(authority, request, {
        usages,
        seconds,
        ...(options.now === undefined ? {} : { now: options.now }),
      }),
    };
  } catch (error) {
    return { action: 'fail', message: error instanceof Error ? error.message : String(error) };
  }
}

function signerError(
  signer: string,
  request: CertificateRequest,
  usages: readonly string[],
): string | undefined {
  if (signer === SIGNER.kubeletServing) return kubeletServingError(request, usages);
  if (signer === SIGNER.kubeletClient) return kubeletClientError(request, usages);
  return signer === SIGNER.apiServerClient ? apiServerClientError(usages) : undefined;
}
