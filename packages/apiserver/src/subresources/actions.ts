import { bindPod } from './binding.ts';
import { evictPod } from './eviction.ts';
import type { SubresourceAction } from './internal.ts';
import { requestToken } from './token.ts';

/** Subresources that are created with an object of their own kind, by `COLLECTION/SUBRESOURCE`. */
export const actions: ReadonlyMap<string, SubresourceAction> = new Map<string, SubresourceAction>([
  ['pods/binding', bindPod],
  ['pods/eviction', evictPod],
  ['serviceaccounts/token', requestToken],
]);
