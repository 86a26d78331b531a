export { CriRuntime } from './cri-runtime.ts';
