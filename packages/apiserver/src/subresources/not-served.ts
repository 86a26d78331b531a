import { errors, type StatusError } from '@sampan/api';

/** This server was put together without a part that the request needs. */
export const notServed = (what: string): StatusError =>
  errors.serviceUnavailable(`${what}: this server was started without authentication of its own`);
