import { createCertificateAuthority, issueCertificate } from '@sampan/machinery';

/** How an aggregated API server knows that a request comes from this one. PEM texts. */
export interface FrontProxy {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

const CLIENT_NAME = 'front-proxy-client';

/** For a control plane that was given none: good until it ends. */
export function makeFrontProxy(): FrontProxy {
  const authority = createCertificateAuthority('front-proxy-ca');
  const issued = issueCertificate(authority, {
    subject: { commonName: CLIENT_NAME, organizations: [] },
    usages: ['digital signature', 'key encipherment', 'client auth'],
  });
  return {
    ca: authority.certificatePem,
    certificate: issued.certificatePem,
    key: issued.privateKeyPem ?? '',
  };
}

/**
 * What the ConfigMap `extension-apiserver-authentication` tells aggregated API servers of the headers to trust
 * (Kubernetes docs "Configure the Aggregation Layer").
 */
export function requestHeaderData(ca: string): Record<string, string> {
  return {
    'requestheader-allowed-names': JSON.stringify([CLIENT_NAME]),
    'requestheader-client-ca-file': ca,
    'requestheader-extra-headers-prefix': JSON.stringify(['X-Remote-Extra-']),
    'requestheader-group-headers': JSON.stringify(['X-Remote-Group']),
    'requestheader-uid-headers': JSON.stringify(['X-Remote-Uid']),
    'requestheader-username-headers': JSON.stringify(['X-Remote-User']),
  };
}
