/** The container registry. Start with `hub.ts`; the distribution API's routes are `api/routes.ts`. */

export type { Origin } from './api/message.ts';
export { directOrigin, type OriginOf, serveHub } from './http/listener.ts';
export { Hub, type HubOptions } from './hub.ts';
export { HUB_DEFINITIONS } from './kinds/definitions.ts';
export * from './kinds/group.ts';
export * from './kinds/project.ts';
export * from './kinds/robot-account.ts';
export * from './kinds/webhook.ts';
export { HUB_MIGRATIONS, type HubTables } from './metadata/schema.ts';
export type { Account, AccountKind, Permission } from './projects/account.ts';
export type { Directory, Project } from './projects/directory.ts';
export { MemoryDirectory, type NewAccount } from './projects/memory-directory.ts';
export { hashPassword } from './projects/password.ts';
export { ROLE_ACTIONS, type Role } from './projects/roles.ts';
export { loadKeyPair } from './tokens/key-file.ts';
