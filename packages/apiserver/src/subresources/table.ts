import { certificateApproval, podSubresourceRules } from '@sampan/api';
import type { SubresourceHandlers } from './contract.ts';
import { serveFinalize } from './finalize.ts';
import { throughNode } from './node-proxy.ts';
import { wholeObjectSubresource } from './status.ts';

/** Subresources beyond status, scale and `actions`, by `RESOURCE[.GROUP]/SUBRESOURCE`. */
export const subresources: SubresourceHandlers = new Map([
  ['namespaces/finalize', serveFinalize],
  [
    'certificatesigningrequests.certificates.k8s.io/approval',
    wholeObjectSubresource('approval', certificateApproval),
  ],
  [
    'pods/ephemeralcontainers',
    wholeObjectSubresource('ephemeralcontainers', podSubresourceRules.ephemeralcontainers),
  ],
  ['pods/resize', wholeObjectSubresource('resize', podSubresourceRules.resize)],
  ['pods/log', throughNode('log')],
  ['pods/exec', throughNode('exec')],
  ['pods/attach', throughNode('attach')],
  ['pods/portforward', throughNode('portforward')],
  ['pods/proxy', throughNode('proxy')],
  ['services/proxy', throughNode('proxy')],
  ['nodes/proxy', throughNode('proxy')],
]);
