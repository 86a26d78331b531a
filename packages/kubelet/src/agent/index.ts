export * from './agent.ts';
export * from './credentials.ts';
export * from './environment.ts';
export * from './pod-events.ts';
export * from './status-manager.ts';
