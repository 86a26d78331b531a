/** The Hub's kinds, by themselves: what speaks of them needs nothing of the registry. */
export { ROLE_ACTIONS, type Role } from '../projects/roles.ts';
export { HUB_DEFINITIONS } from './definitions.ts';
export * from './group.ts';
export * from './project.ts';
export * from './robot-account.ts';
export { hashRobotSecret, newRobotSecret } from './robot-secret.ts';
export * from './webhook.ts';
