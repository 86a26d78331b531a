import { setTimeout as sleep } from 'node:timers/promises';

/** Certificates know when they were made to the second: one that is made from now on holds after a revocation. */
export const untilNextSecond = (): Promise<void> => sleep(1000 - (Date.now() % 1000));
