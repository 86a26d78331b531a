import { Readable } from 'node:stream';
import type { Clock } from '@sampan/base';
import type { HubResponse } from '../api/message.ts';

/** Shorter than anything between client and registry waits for a connection on which nothing moves. */
const SIGN_OF_LIFE_MS = 10_000;

/**
 * An answer in JSON to something that may take hours: its status is sent at once, and line ends, which JSON allows, until
 * the result is there. What `failure` makes of what was thrown is sent in its place.
 */
export function slowAnswer(
  clock: Clock,
  task: () => Promise<unknown>,
  failure: (thrown: unknown) => string,
): HubResponse {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  return {
    status: 200,
    headers,
    body: Readable.from(
      parts(
        clock,
        task().then((result) => JSON.stringify(result), failure),
      ),
    ),
  };
}

async function* parts(clock: Clock, ended: Promise<string>): AsyncGenerator<string> {
  for (;;) {
    let cancel = (): void => {};
    const alive = new Promise<undefined>((resolve) => {
      cancel = clock.schedule(() => resolve(undefined), SIGN_OF_LIFE_MS);
    });
    const text = await Promise.race([ended, alive]);
    cancel();
    yield text ?? '\n';
    if (text !== undefined) return;
  }
}
