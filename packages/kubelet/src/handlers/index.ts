export { findHandlers } from './find-handlers.ts';
