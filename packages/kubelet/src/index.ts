export * from './containerd/index.ts';
export * from './cri/index.ts';
export * from './image/index.ts';
export * from './pods/index.ts';
export * from './runtime/index.ts';
export * from './worker/index.ts';
