import type { KindRules } from './resource.ts';

/** Rules by `GROUP/Kind`; the core group is empty: `/Pod`. */
export const resourceRules: Readonly<Record<string, KindRules>> = {};
