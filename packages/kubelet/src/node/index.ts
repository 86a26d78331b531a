export * from './isolation.ts';
export * from './machine.ts';
export * from './node-certificate.ts';
export * from './node-lease.ts';
export * from './node-registrar.ts';
export * from './node-status.ts';
