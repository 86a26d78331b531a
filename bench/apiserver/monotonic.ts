/** Milliseconds of CLOCK_MONOTONIC, the same for all processes of the machine. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6;
