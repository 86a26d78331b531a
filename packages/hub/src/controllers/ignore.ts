import { StatusError } from '@sampan/api';

/** For `catch`: answers of these codes are as good as success. */
export const ignore =
  (...codes: number[]) =>
  (error: unknown): void => {
    if (!(error instanceof StatusError) || !codes.includes(error.code)) throw error;
  };
