/** Validators shared by all kinds. Errors carry upstream's texts; fields are dotted paths. */
export * from './conditions.ts';
export * from './dns.ts';
export * from './field-selector.ts';
export * from './formats.ts';
export * from './immutable.ts';
export * from './ip.ts';
export * from './label-selector.ts';
export * from './label-syntax.ts';
export * from './managed-fields.ts';
export * from './messages.ts';
export * from './names.ts';
export * from './object-meta.ts';
export * from './options.ts';
export * from './selector-syntax.ts';
export * from './webhook-client.ts';
