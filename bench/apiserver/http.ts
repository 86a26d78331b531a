/** Just enough of a client to set up and watch over a server under test; the load itself comes from wrk. */
import { request } from 'node:https';

/** Where a server is and who asks: a bearer token, or a client certificate (PEM). */
export interface Access {
  readonly url: string;
  readonly ca: string;
  readonly token?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Sends one request on a connection of its own. Status 0 when nobody listens. */
export function ask(access: Access, method: string, path: string, body?: unknown): Promise<Answer> {
  const { url, ca, token, cert, key } = access;
  return new Promise((resolve) => {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (token) headers.authorization = `Bearer ${token}`;
    if (body !== undefined)
      headers['content-type'] = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const asked = request(
      url + path,
      { method, headers, ca, agent: false, ...(cert && key ? { cert, key } : {}) },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      },
    );
    asked.once('error', () => resolve({ status: 0, text: '' }));
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** As `ask`, but anything that is not 2xx throws; 409 (it is there already) is fine. */
export async function must(access: Access, method: string, path: string, body?: unknown): Promise<unknown> {
  const { status, text } = await ask(access, method, path, body);
  if ((status < 200 || status > 299) && status !== 409) {
    throw new Error(`${method} ${path} answered ${status}: ${text.slice(0, 500)}`);
  }
  return JSON.parse(text);
}
