import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { AgentCall } from './agent-context.ts';
import { AgentError } from './agent-error.ts';

/** Commands may be long, but not longer than the machine takes (MAX_ARG_STRLEN). */
const MOST_BODY_BYTES = 1 << 20;

/** The object in a request's body; throws AgentError. */
export async function readJson({ request }: AgentCall): Promise<Readonly<Record<string, unknown>>> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request) {
    length += (part as Buffer).length;
    if (length > MOST_BODY_BYTES) throw new AgentError(413, `a request has at most ${MOST_BODY_BYTES} bytes`);
    parts.push(part as Buffer);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // said below
  }
  throw new AgentError(400, 'the request is no JSON object');
}

export function sendJson(
  { response }: { readonly response: ServerResponse },
  status: number,
  value: unknown,
): void {
  send(response, status, 'application/json', JSON.stringify(value));
}

export function send(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string | Uint8Array,
): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  response.writeHead(status, { 'content-type': contentType, 'content-length': bytes.length });
  response.end(bytes);
}

/** Sends parts as they come, at the client's pace. What fails before the first part is the caller's to answer. */
export async function sendParts(
  { response, signal }: Pick<AgentCall, 'response' | 'signal'>,
  contentType: string,
  parts: AsyncIterable<Uint8Array>,
): Promise<void> {
  const begin = (): void => {
    if (response.headersSent) return;
    response.writeHead(200, { 'content-type': contentType });
    response.flushHeaders();
  };
  // a log without a line yet is one nonetheless
  const timer = setImmediate(begin);
  try {
    for await (const part of parts) {
      begin();
      if (signal.aborted) return;
      if (!response.write(part)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    }
  } finally {
    clearImmediate(timer);
  }
  begin();
  response.end();
}
