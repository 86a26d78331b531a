import type { SubresourceAction } from './internal.ts';

/** Subresources that are created with an object of their own kind, by `COLLECTION/SUBRESOURCE`. */
export const actions: ReadonlyMap<string, SubresourceAction> = new Map();
