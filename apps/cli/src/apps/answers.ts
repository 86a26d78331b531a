import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@sampan/base';

const ATTEMPT_MS = 2000;
const PAUSE_MS = 50;

/** Asks a URL until it answers with 200; undefined when it did, else what was last wrong. */
export async function untilAnswers(url: string, timeoutMs: number): Promise<string | undefined> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const problem = await ask(url).then(
      (status) => (status === 200 ? undefined : `it answers with status ${status}`),
      (error: unknown) => messageOf(error) || 'it does not answer',
    );
    if (problem === undefined || performance.now() >= end) return problem;
    await sleep(PAUSE_MS);
  }
}

function ask(url: string): Promise<number> {
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = send(url, { timeout: ATTEMPT_MS, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${ATTEMPT_MS / 1000} s`)));
    sent.on('error', reject);
    sent.end();
  });
}
