/** Admission webhooks and policies as data: their types, and their expressions. */
export type { AccessQuestion, AskAccess, ResourcePlace } from '../apiextensions/cel/authorizer-values.ts';
export type { AccessInput } from './access.ts';
export { type AdmissionVariables, MatchConditions } from './match-conditions.ts';
export { type Mutation, MutationProgram } from './mutation-program.ts';
export { PolicyProgram } from './policy-program.ts';
export type { PolicyInput } from './policy-run.ts';
export * from './policy-types.ts';
export * from './types.ts';
