import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@sampan/base';

const ATTEMPT_MS = 2000;
const PAUSE_MS = 50;

/** Whether anything takes connections at a URL's port, of whatever kind, before the time is over. */
export async function untilTaken(url: string, timeoutMs: number): Promise<boolean> {
  const { hostname, port, protocol } = new URL(url);
  const end = performance.now() + timeoutMs;
  for (;;) {
    if (await connects(hostname, Number(port) || (protocol === 'https:' ? 443 : 80))) return true;
    if (performance.now() >= end) return false;
    await sleep(PAUSE_MS);
  }
}

function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: ATTEMPT_MS });
    const settle = (taken: boolean) => {
      socket.destroy();
      resolve(taken);
    };
    socket.once('connect', () => settle(true));
    socket.once('timeout', () => settle(false));
    socket.once('error', () => settle(false));
  });
}

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
    const options = { timeout: ATTEMPT_MS, agent: false, ...(isLoopback(url) ? { lookup: toLoopback } : {}) };
    const sent = send(url, options, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${ATTEMPT_MS / 1000} s`)));
    sent.on('error', reject);
    sent.end();
  });
}

/** Browsers know these names (RFC 6761 section 6.3); the system's resolver may not. */
const isLoopback = (url: string): boolean => /(^|\.)localhost$/.test(new URL(url).hostname);

const toLoopback: LookupFunction = (_, { all }, done) => {
  const address = '127.0.0.1';
  if (all) done(null, [{ address, family: 4 }]);
  else done(null, address, 4);
};
