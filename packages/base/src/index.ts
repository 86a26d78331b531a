/**
 * Tier 0: what every package may use. No I/O, no state. Start with `errors.ts` and `json.ts`.
 */
export * from './all-ended.ts';
export * from './clock.ts';
export * from './errors.ts';
export * from './exact-json.ts';
export * from './free-bytes.ts';
export * from './json.ts';
export * from './logger.ts';
export * from './quantity.ts';
export * from './shared-values.ts';
export * from './ustar.ts';
