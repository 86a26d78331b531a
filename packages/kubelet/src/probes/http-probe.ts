import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { k8s } from '@sampan/api';
import { failure, MOST_OUTPUT, PROBE_AGENT, type ProbeOutcome, success } from './probe-outcome.ts';
import { hostPort, networkReason, type ProbePlace, urlHost } from './probe-place.ts';

/** One request of a probe. */
export interface HttpProbe extends ProbePlace {
  readonly secure: boolean;
  readonly path: string;
  readonly headers: readonly k8s.HTTPHeader[];
  /** Default: as probes name themselves. */
  readonly agent?: string;
}

const MOST_REDIRECTS = 10;

/**
 * GET (kubelet pkg/probe/http): answers from 200 to 399 are a success; redirects on the same host are followed, one to
 * another host is a success with a warning. Whoever answers is the pod itself: its certificate proves nothing and is
 * not looked at. Rejects when `signal` aborts.
 */
export async function probeHttp(
  first: HttpProbe,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const late = AbortSignal.timeout(timeoutMs);
  const either = AbortSignal.any([late, signal]);
  try {
    return await follow(first, either);
  } catch (error) {
    if (signal.aborted) throw error;
    const why = late.aborted
      ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
      : networkReason(first, error);
    return failure(`Get "${urlOf(first)}": ${why}`);
  }
}

async function follow(first: HttpProbe, signal: AbortSignal): Promise<ProbeOutcome> {
  let probe = first;
  for (let count = 0; ; count++) {
    const { status, location, body } = await sendProbe(probe, signal);
    const next = location === undefined ? undefined : redirected(probe, location);
    if (!next || !REDIRECTS.has(status) || next.host !== first.host) return judge(status, body);
    if (count + 1 >= MOST_REDIRECTS) {
      return failure(`Get "${urlOf(next)}": stopped after ${MOST_REDIRECTS} redirects`);
    }
    probe = next;
  }
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

function judge(status: number, body: string): ProbeOutcome {
  if (status < 200 || status >= 400) return failure(`HTTP probe failed with statuscode: ${status}`);
  if (status < 300) return success(body);
  return { result: 'warning', output: `Probe terminated redirects, Response body: ${body}` };
}

/** undefined: it leads nowhere that HTTP goes. */
function redirected(from: HttpProbe, location: string): HttpProbe | undefined {
  const url = URL.parse(location, urlOf(from));
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return undefined;
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { ...from, secure, host, port, path: url.pathname + url.search };
}

interface HttpAnswer {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: string;
}

/** One request, whatever the answer. Rejects when there is none, or `signal` aborts. */
export function sendProbe(probe: HttpProbe, signal: AbortSignal): Promise<HttpAnswer> {
  const { dial, port, secure } = probe;
  const target = { host: dial, port, path: requestPath(probe.path), headers: headersOf(probe), signal };
  return new Promise((resolve, reject) => {
    // a connection of its own: what is kept open says nothing about who would answer a new one
    const request = secure
      ? httpsRequest({ ...target, agent: false, rejectUnauthorized: false })
      : httpRequest({ ...target, agent: false });
    request.on('error', reject);
    request.once('response', (response) => readAnswer(response).then(resolve, reject));
    request.end();
  });
}

async function readAnswer(response: IncomingMessage): Promise<HttpAnswer> {
  const { statusCode = 0, headers } = response;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    // leaving the loop ends the connection
    if (size >= MOST_OUTPUT) break;
  }
  const body = Buffer.concat(chunks).subarray(0, MOST_OUTPUT).toString('utf8');
  return { status: statusCode, location: headers.location, body };
}

/** Names and values in turn; the same name may come more than once. */
function headersOf(probe: HttpProbe): string[] {
  const has = (name: string) => probe.headers.some((header) => header.name.toLowerCase() === name);
  const list = probe.headers.flatMap(({ name, value }) =>
    name.toLowerCase() === 'accept' && value === '' ? [] : [name, value],
  );
  if (!has('host')) list.push('Host', hostPort(probe));
  if (!has('user-agent')) list.push('User-Agent', probe.agent ?? PROBE_AGENT);
  if (!has('accept')) list.push('Accept', '*/*');
  return [...list, 'Connection', 'close'];
}

/** What may not stand in a request's first line is escaped. */
function requestPath(path: string): string {
  const rooted = path.startsWith('/') ? path : `/${path}`;
  const [plain = ''] = rooted.split('#');
  return [...Buffer.from(plain)]
    .map((byte) => (byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `%${hex(byte)}`))
    .join('');
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}

function urlOf({ secure, host, port, path }: HttpProbe): string {
  return `${secure ? 'https' : 'http'}://${urlHost(host)}:${port}${requestPath(path)}`;
}
