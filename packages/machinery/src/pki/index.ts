/**
 * P-256 keys, authorities, certificates and requests, on node:crypto alone. Start with `authority.ts` (issue) and
 * `request.ts` (sign what others ask for).
 */
export type { AlternativeNames } from './alternative-names.ts';
export * from './authority.ts';
export { type Certificate, certificateFingerprint, parseCertificate } from './certificate.ts';
export { DerError } from './der.ts';
export { ForwardedCertificates } from './forwarded-certificates.ts';
export * from './pem.ts';
export * from './request.ts';
export { addRevocations, type Revocation, Revocations } from './revocations.ts';
export type { Subject } from './subject.ts';
export { type KeyUsage, unknownUsages } from './usages.ts';
