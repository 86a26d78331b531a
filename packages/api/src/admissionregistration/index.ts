/** Admission webhooks as data: their types, and which requests they ask for. */
export { type AdmissionVariables, MatchConditions } from './match-conditions.ts';
export * from './types.ts';
