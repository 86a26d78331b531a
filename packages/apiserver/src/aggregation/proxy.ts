import { pipeline } from 'node:stream/promises';
import { bodyFraming } from '../http/body-framing.ts';
import type { Exchange, HttpResponse } from '../http/exchange.ts';
import { leaveFastPath } from '../http/fast-path.ts';
import { sendText } from '../http/respond.ts';
import { failureText } from '../webhooks/call-error.ts';
import { answeredHeaders, forwardedHeaders } from './forwarded-headers.ts';
import type { RemoteVersion } from './remote-version.ts';

/** Discovery is a quick question: clients wait for all groups (kube-aggregator handler_proxy.go). */
const DISCOVERY_TIMEOUT_MS = 5_000;

/** Hands a request on to the server of its API version, and its answer back; both stream. */
export async function forward(remote: RemoteVersion, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  if (exchange.upgrade)
    return sendText(exchange, 501, 'connections are not handed on to aggregated API servers\n');
  if (!remote.available) return sendText(exchange, 503, 'service unavailable\n');
  const gone = new AbortController();
  const abort = () => gone.abort();
  response.on('close', abort);
  try {
    const headers = forwardedHeaders(request.headers, exchange.user, request.socket.remoteAddress);
    const answer = await remote.send(
      exchange.method,
      exchange.url,
      { ...headers, ...bodyFraming(request, headers) },
      (outgoing) => {
        pipeline(request, outgoing).catch(() => outgoing.destroy());
      },
      { signal: signalFor(exchange, gone.signal) },
    );
    leaveFastPath(request);
    begin(response, answer.statusCode ?? 502, answeredHeaders(answer.headers));
    await pipeline(answer, response);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else if (!gone.signal.aborted) sendText(exchange, 503, `${failure(error)}\n`);
  } finally {
    response.off('close', abort);
  }
}

function begin(response: HttpResponse, status: number, headers: ReturnType<typeof answeredHeaders>): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) response.setHeader(name, value);
  // a watch begins before its first event
  if ('flushHeaders' in response) response.flushHeaders();
}

function signalFor({ info }: Exchange, gone: AbortSignal): AbortSignal {
  const discovery = !info.isResource;
  return discovery ? AbortSignal.any([gone, AbortSignal.timeout(DISCOVERY_TIMEOUT_MS)]) : gone;
}

function failure(error: unknown): string {
  const { name } = error as { name?: string };
  return name === 'TimeoutError' || name === 'AbortError'
    ? 'context deadline exceeded'
    : `error trying to reach service: ${failureText(error)}`;
}
