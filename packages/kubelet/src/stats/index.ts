export type { MetricsAnswer } from './node-metrics.ts';
export { Stats, type StatsOptions } from './stats.ts';
export { type StatsReports, statsReports } from './stats-reports.ts';
export type { Summary } from './summary.ts';
