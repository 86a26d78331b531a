export { findHandlers } from './find-handlers.ts';
export { runtimeClasses } from './runtime-classes.ts';
