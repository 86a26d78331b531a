import { readFileSync } from 'node:fs';

/** For `--password-stdin`: all that comes, without the line end that `echo` and editors put there. */
export const readPassword = (): string => readFileSync(0, 'utf8').replace(/\r?\n$/, '');
