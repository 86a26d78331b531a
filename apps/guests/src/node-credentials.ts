import { NODE_PARTS, type NodeCredential, type NodePart } from '@sampan/clusters';
import { type CertificateAuthority, issueCertificate } from '@sampan/machinery';

/** The node process asks for none itself: it is given new ones whenever a cluster wakes, and every few weeks. */
const LIFE_SECONDS = 90 * 24 * 3600;

/** Who the node process is in a cluster: the node itself, and Sampan's parts with roles of their own. */
export function issueNodeCredentials(
  authority: CertificateAuthority,
  node: string,
): Readonly<Record<NodePart, NodeCredential>> {
  const issue = (part: NodePart): NodeCredential => {
    const isNode = part === 'node';
    const { certificatePem, privateKeyPem = '' } = issueCertificate(authority, {
      subject: {
        commonName: isNode ? `system:node:${node}` : `system:sampan:${part}`,
        organizations: isNode ? ['system:nodes'] : [],
      },
      usages: ['digital signature', 'client auth'],
      seconds: LIFE_SECONDS,
    });
    return { certificate: certificatePem, key: privateKeyPem };
  };
  return Object.fromEntries(NODE_PARTS.map((part) => [part, issue(part)])) as Record<
    NodePart,
    NodeCredential
  >;
}
