import type { Logger } from '@sampan/base';
import type { HubRequest, HubResponse } from '../api/message.ts';

/**
 * What clients meet in the course of things: the challenge, what is not there yet, the end of a range, and to be told to
 * wait, which is counted and would fill the log. Failures are logged where they are met.
 */
const USUAL = new Set([401, 404, 416, 429]);

/** Of a URL and of a reason. */
const MOST = 300;

/** Writes down a refusal that someone will ask about: a push that was denied, a manifest that was not understood. */
export function logRefusal(logger: Logger, { method, url, origin }: HubRequest, answer: HubResponse): void {
  const { status, body } = answer;
  if (status < 400 || status >= 500 || USUAL.has(status)) return;
  const reason = typeof body === 'string' ? body.slice(0, MOST) : undefined;
  const fields = { method, url: url.slice(0, MOST), status, address: origin.address, reason };
  logger.info('a request was refused', fields);
}
