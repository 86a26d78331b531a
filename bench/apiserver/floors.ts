/** What has to be reached: the floors of the first milestone. Compared in every full run of the benchmark. */

/** How many times upstream's rate. */
export const RATIO_FLOORS: Readonly<Record<string, number>> = {
  get: 2.5,
  create: 2,
  patch: 4,
  delete: 4,
  list: 5,
  'fan-out': 5,
};

/** The most of each that Sampan may take. */
export const LIMITS = {
  /** Part of upstream's time. */
  startShare: 0.1,
  startMs: 500,
  freshMb: 120,
  filledMb: 450,
  idlePercent: 0.2,
  filledStartMs: 3000,
} as const;
