/** The container registry. Start with `hub.ts`; the distribution API's routes are `api/routes.ts`. */

export type { HubResponse, Origin } from './api/message.ts';
export type { HubOptions } from './assemble-hub.ts';
export { answerContent } from './content/answer.ts';
export { ContentChanges } from './content/changes.ts';
export { HubControllers } from './controllers/hub-controllers.ts';
export { HubObjects } from './controllers/hub-objects.ts';
export type { HubEvent } from './events/event.ts';
export { type Answer, directOrigin, type OriginOf, serveHub } from './http/listener.ts';
export { Hub } from './hub.ts';
export * from './kinds/index.ts';
export { isRobotSecret } from './kinds/robot-secret.ts';
export { HUB_MIGRATIONS, type HubTables } from './metadata/schema.ts';
export type { Account, AccountKind, Permission } from './projects/account.ts';
export type { Directory, Project } from './projects/directory.ts';
export { MemoryDirectory, type NewAccount } from './projects/memory-directory.ts';
export { hashPassword } from './projects/password.ts';
export { ROLE_ACTIONS, type Role } from './projects/roles.ts';
export { loadKeyPair } from './tokens/key-file.ts';
export type { WebhookHosts } from './webhooks/receiver-address.ts';
export { WebhookController, type WebhookControllerOptions } from './webhooks/webhook-controller.ts';
export { Webhooks } from './webhooks/webhooks.ts';
