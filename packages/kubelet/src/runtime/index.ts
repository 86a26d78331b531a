export * from './container.ts';
export * from './event.ts';
export * from './image.ts';
export * from './runtime.ts';
export * from './runtime-error.ts';
export * from './sandbox.ts';
export * from './stats.ts';
