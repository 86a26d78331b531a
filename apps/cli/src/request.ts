import { request } from 'node:https';
import type { adminAccess } from './endpoint.ts';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const TIMEOUT_MS = 5000;
/** What is asked to be done may take a while. */
const ACTION_MS = 600_000;
const MOST_BYTES = 16 << 20;

/** One GET with full rights; undefined when nobody answers with JSON. */
export const getJson = (access: ReturnType<typeof adminAccess>, path: string): Promise<Answer | undefined> =>
  askJson(access, 'GET', path, TIMEOUT_MS);

/** The same with a POST, which says nothing but its path. */
export const postJson = (access: ReturnType<typeof adminAccess>, path: string): Promise<Answer | undefined> =>
  askJson(access, 'POST', path, ACTION_MS);

function askJson(
  access: ReturnType<typeof adminAccess>,
  method: string,
  path: string,
  timeout: number,
): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const { ca, certificate: cert, key, url } = access;
    const sent = request(`${url}${path}`, { method, ca, cert, key, timeout }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        if (body.length < MOST_BYTES) body += chunk;
      });
      response.on('end', () => {
        try {
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(body) });
        } catch {
          resolve(undefined);
        }
      });
    });
    sent.on('timeout', () => sent.destroy());
    sent.on('error', () => resolve(undefined));
    sent.end();
  });
}
