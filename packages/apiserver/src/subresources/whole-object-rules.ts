import { certificateApproval, podSubresourceRules, validateNamespaceFinalize } from '@sampan/api';
import type { SubresourceRules } from '../registry/update.ts';

/**
 * Subresources that show and write the whole object of which only a part may change, by `COLLECTION/SUBRESOURCE`;
 * `status` is generic and not in the table.
 */
export const wholeObjectRules: ReadonlyMap<string, SubresourceRules> = new Map<string, SubresourceRules>([
  [
    // `spec.finalizers` only; a namespace that is being deleted goes with its last one (namespace FinalizeREST)
    'namespaces/finalize',
    {
      prepareForUpdate(namespace, old) {
        namespace.status = old.status;
      },
      validateUpdate: validateNamespaceFinalize,
    },
  ],
  ['certificatesigningrequests.certificates.k8s.io/approval', certificateApproval],
  ['pods/ephemeralcontainers', podSubresourceRules.ephemeralcontainers],
  ['pods/resize', podSubresourceRules.resize],
]);
