import { logSource } from '../logs/container-log.ts';
import type { LogOptions } from '../logs/log-selection.ts';
import { readLog } from '../logs/read-log.ts';
import type { AgentCall, AgentHandler } from './agent-context.ts';
import { AgentError } from './agent-error.ts';
import { sendParts } from './answer.ts';
import { containerSpec } from './stream-routes.ts';

/** `/containerLogs/NAMESPACE/POD/CONTAINER` with PodLogOptions, as of kubelets. */
export const containerLogsRoute: AgentHandler = async (call) => {
  const [namespace = '', name = '', container = ''] = call.rest;
  const pod = call.options.pods
    .pods()
    .find(({ metadata }) => metadata?.namespace === namespace && metadata.name === name);
  if (!pod) throw new AgentError(404, `pod ${JSON.stringify(name)} does not exist`);
  if (!containerSpec(pod, container))
    throw new AgentError(
      404,
      `container ${JSON.stringify(container)} not found in pod ${JSON.stringify(name)}`,
    );
  const source = logSource(pod, container, isTrue(call.query, 'previous'));
  if ('missing' in source) throw new AgentError(400, source.missing);
  const status = await call.options.runtime.containerStatus(source.id);
  if (!status) throw new AgentError(400, `unable to retrieve container logs for containerd://${source.id}`);
  const stop = new AbortController();
  const signal = AbortSignal.any([call.signal, stop.signal]);
  const follow = isTrue(call.query, 'follow')
    ? { ended: call.exits.wait(source.id, signal), signal }
    : undefined;
  try {
    await sendParts(call, 'text/plain', readLog(status.logPath, logOptions(call), follow));
  } finally {
    stop.abort();
  }
};

/** The API server has checked them (kubernetes pkg/apis/core/validation ValidatePodLogOptions). */
function logOptions({ query }: AgentCall): LogOptions {
  const tailLines = numberOf(query, 'tailLines');
  const limitBytes = numberOf(query, 'limitBytes');
  const sinceMs = since(query);
  const stream = query.get('stream');
  return {
    timestamps: isTrue(query, 'timestamps'),
    ...(tailLines !== undefined && { tailLines }),
    ...(limitBytes !== undefined && { limitBytes }),
    ...(sinceMs !== undefined && { sinceMs }),
    ...(stream === 'Stdout' && { stream: 'stdout' as const }),
    ...(stream === 'Stderr' && { stream: 'stderr' as const }),
  };
}

function since(query: URLSearchParams): number | undefined {
  const seconds = numberOf(query, 'sinceSeconds');
  if (seconds !== undefined) return Date.now() - seconds * 1000;
  const time = query.get('sinceTime');
  if (!time) return undefined;
  const at = Date.parse(time);
  if (Number.isNaN(at)) throw new AgentError(400, `${JSON.stringify(time)} is no time of RFC 3339`);
  return at;
}

function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (!text) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new AgentError(400, `${name} must be a number, 0 or more`);
  return value;
}

/** apimachinery's reading of booleans in queries: only `false` and `0` are not true. */
function isTrue(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value.toLowerCase() !== 'false' && value !== '0';
}
