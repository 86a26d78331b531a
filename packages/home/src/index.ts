/**
 * Tier 2: the folder that holds all of Sampan's state on one machine (docs/architecture.md, "On a machine"):
 * its layout, its keys, who runs on it. The server keeps it; the command line reads it. Start with `layout.ts`.
 */
export * from './api-connection.ts';
export * from './home-lock.ts';
export * from './hub-pulls.ts';
export * from './kubeconfig.ts';
export * from './layout.ts';
export * from './log-file.ts';
export * from './open-home.ts';
export * from './outside-memory.ts';
export * from './pki-files.ts';
export * from './pull-password.ts';
export * from './registries.ts';
export * from './run-state.ts';
export * from './settings.ts';
export * from './settings-watch.ts';
export * from './users.ts';
export * from './write-file.ts';
