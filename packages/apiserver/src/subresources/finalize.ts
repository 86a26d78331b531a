import { validateNamespaceFinalize } from '@sampan/api';
import { wholeObjectSubresource } from './status.ts';

/**
 * PUT of a namespace's `spec.finalizers`, nothing else (kubernetes pkg/registry/core/namespace FinalizeREST). A
 * namespace that is being deleted goes with its last finalizer.
 */
export const serveFinalize = wholeObjectSubresource('finalize', {
  prepareForUpdate(namespace, old) {
    namespace.status = old.status;
  },
  validateUpdate: validateNamespaceFinalize,
});
