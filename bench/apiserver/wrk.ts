/** Runs wrk: one thread, 32 TLS connections, so that on two processors one is left to the server. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('load.lua', import.meta.url));
const CONNECTIONS = 32;

export interface Load {
  readonly verb: 'get' | 'list' | 'create' | 'patch' | 'delete';
  readonly namespace: string;
  /** Names are this and a number from 1. */
  readonly prefix: string;
  /** How many objects there are, or are to be made; 0: without end. */
  readonly count: number;
  /** At most this long; a create or delete of `count` objects ends when all are done. */
  readonly seconds: number;
}

/** Times in milliseconds. */
export interface Outcome {
  readonly requests: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
}

/** Puts the load on the server at `url`. Throws when a request failed: a figure of errors says nothing. */
export async function runWrk(url: string, token: string, load: Load): Promise<Outcome> {
  const { verb, namespace, prefix, count, seconds } = load;
  const child = spawn(
    'wrk',
    [
      ...['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--timeout', '60s', '--latency', '-s', SCRIPT, url],
      ...['--', verb, token, namespace, prefix, String(count)],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  await once(child, 'close');
  const line = /^RESULT (.*)$/m.exec(text)?.[1];
  if (line === undefined) throw new Error(`wrk said nothing usable: ${text}`);
  const { failed, broken, ...outcome } = JSON.parse(line) as Outcome & { failed: number; broken: number };
  if (failed > 0 || broken > 0) {
    throw new Error(`${verb}: ${failed} of ${outcome.requests} requests failed, ${broken} connections broke`);
  }
  return outcome;
}
