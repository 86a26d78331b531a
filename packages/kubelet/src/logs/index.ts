export * from './log-rotator.ts';
