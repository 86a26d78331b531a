export { type EvictionConfig, EvictionManager, type EvictionOptions } from './eviction-manager.ts';
export { parseReclaimSettings, type ReclaimSettings } from './reclaim-settings.ts';
export type { PressureCondition } from './signals.ts';
export type { Threshold } from './thresholds.ts';
