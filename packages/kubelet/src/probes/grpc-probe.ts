import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { messageOf } from '@sampan/base';
import { decodeMessage } from '../grpc/decode-message.ts';
import { encodeMessage } from '../grpc/encode-message.ts';
import type { MessageTable } from '../grpc/message-table.ts';
import { failure, PROBE_AGENT, type ProbeOutcome, success } from './probe-outcome.ts';
import { hostPort, type ProbePlace, urlHost } from './probe-place.ts';

/** grpc.health.v1 (gRPC Health Checking Protocol). */
const HEALTH: MessageTable = {
  HealthCheckRequest: { service: [1, 'string'] },
  HealthCheckResponse: { status: [1, 'int'] },
};
const STATES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

/** The health service says SERVING (kubelet pkg/probe/grpc). Rejects only when `signal` aborts. */
export async function probeGrpc(
  place: ProbePlace & { readonly service: string },
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const client = new Client(`${urlHost(place.dial)}:${place.port}`, credentials.createInsecure(), {
    'grpc.primary_user_agent': PROBE_AGENT,
    'grpc.default_authority': hostPort(place),
    'grpc.enable_http_proxy': 0,
    // a connection of its own, which ends with the client
    'grpc.use_local_subchannel_pool': 1,
    'grpc.initial_reconnect_backoff_ms': 100,
  });
  const close = (): void => client.close();
  signal.addEventListener('abort', close);
  try {
    const deadline = Date.now() + timeoutMs;
    if (!(await connected(client, deadline))) {
      const within = `within ${timeoutMs / 1000}s: context deadline exceeded`;
      return failure(`timeout: failed to connect service "${hostPort(place)}" ${within}`);
    }
    return await check(client, place.service, timeoutMs, deadline);
  } finally {
    signal.removeEventListener('abort', close);
    close();
    signal.throwIfAborted();
  }
}

function connected(client: Client, deadline: number): Promise<boolean> {
  return new Promise((resolve) => client.waitForReady(deadline, (error) => resolve(!error)));
}

function check(client: Client, service: string, timeoutMs: number, deadline: number): Promise<ProbeOutcome> {
  const request = encodeMessage(HEALTH, 'HealthCheckRequest', { service });
  const same = (bytes: Buffer): Buffer => bytes;
  const path = '/grpc.health.v1.Health/Check';
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, same, same, request, new Metadata(), { deadline }, (error, answer) => {
      resolve(error ? failure(reasonOf(error, timeoutMs)) : judge(answer ?? Buffer.alloc(0)));
    });
  });
}

function judge(answer: Buffer): ProbeOutcome {
  try {
    const state = (decodeMessage(HEALTH, 'HealthCheckResponse', answer).status ?? 0) as number;
    if (state === 1) return success('service healthy');
    return failure(`service unhealthy (responded with "${STATES[state] ?? state}")`);
  } catch (error) {
    return failure(`error: health rpc probe failed: ${messageOf(error)}`);
  }
}

function reasonOf({ code, details }: ServiceError, timeoutMs: number): string {
  switch (code) {
    case status.UNIMPLEMENTED:
      return `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${details}`;
    case status.DEADLINE_EXCEEDED:
      return `timeout: health rpc did not complete within ${timeoutMs / 1000}s`;
    default:
      return `error: health rpc probe failed: rpc error: code = ${goName(code)} desc = ${details}`;
  }
}

/** As gRPC's Go library spells a code: `NotFound`. */
function goName(code: status): string {
  return (status[code] ?? String(code))
    .split('_')
    .map((word) => word.slice(0, 1) + word.slice(1).toLowerCase())
    .join('');
}
