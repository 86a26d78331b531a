import { request } from 'node:https';
import type { adminAccess } from './endpoint.ts';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const TIMEOUT_MS = 5000;
const MOST_BYTES = 1 << 20;

/** One GET with full rights; undefined when nobody answers with JSON. */
export function getJson(access: ReturnType<typeof adminAccess>, path: string): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const { ca, certificate: cert, key, url } = access;
    const sent = request(`${url}${path}`, { ca, cert, key, timeout: TIMEOUT_MS }, (response) => {
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
