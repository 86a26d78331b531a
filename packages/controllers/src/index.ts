/**
 * Tier 3: the built-in controllers, each a pure decision and a thin shell. Start with `start-controllers.ts`.
 */
export type { PullSecretOptions } from './accounts/pull-secret.ts';
export type { ControllerGroup } from './controller-groups.ts';
export type { ApiServiceOptions } from './endpoints/api-service.ts';
export { type Controllers, type ControllersOptions, startControllers } from './start-controllers.ts';
