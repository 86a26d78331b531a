export { Probes, type ProbesOptions } from './probes.ts';
