import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { createInterface } from 'node:readline';
import type { k8s } from '@sampan/api';
import { messageOf, SampanError } from '@sampan/base';
import type { adminAccess } from '../endpoint.ts';
import type { App } from './app.ts';

type Access = ReturnType<typeof adminAccess>;

export interface LogOptions {
  readonly tail: number;
  readonly follows: boolean;
  /** Seconds. */
  readonly since?: number;
  readonly container: string | undefined;
  readonly previous: boolean;
  readonly timestamps: boolean;
}

interface Source {
  readonly path: string;
  /** What tells its lines from those of others; empty when it is the only one. */
  readonly prefix: string;
}

/**
 * Prints the logs of all containers of an application, and goes on with them when asked to. Returns the exit code.
 * Throws `no-logs` when there is no container whose log could be read.
 */
export async function followLogs(access: Access, app: App, options: LogOptions): Promise<number> {
  const sources = sourcesOf(app, options);
  if (sources.length === 0) throw noLogs(app, options);
  const results = await Promise.allSettled(sources.map((source) => copyLog(access, source)));
  const failures = results.flatMap((result) =>
    result.status === 'rejected' ? [messageOf(result.reason)] : [],
  );
  for (const failure of failures) process.stderr.write(`${failure}\n`);
  return failures.length === results.length ? 1 : 0;
}

function sourcesOf({ pods, namespace }: App, options: LogOptions): Source[] {
  const chosen = pods.flatMap((pod) =>
    containersOf(pod)
      .filter(({ name }) => options.container === undefined || name === options.container)
      .map(({ name }) => ({ pod: pod.metadata?.name ?? '', container: name })),
  );
  const query = new URLSearchParams({ tailLines: String(options.tail) });
  if (options.follows) query.set('follow', 'true');
  if (options.previous) query.set('previous', 'true');
  if (options.timestamps) query.set('timestamps', 'true');
  if (options.since !== undefined) query.set('sinceSeconds', String(options.since));
  const hasSidecars = new Set(chosen.map(({ container }) => container)).size > 1;
  return chosen.map(({ pod, container }) => ({
    path: `/api/v1/namespaces/${namespace}/pods/${pod}/log?${query}&container=${container}`,
    prefix: chosen.length === 1 ? '' : `[${pod}${hasSidecars ? `/${container}` : ''}] `,
  }));
}

/** Those that have said something, or may. */
function containersOf({ spec, status = {} }: k8s.Pod): readonly { readonly name: string }[] {
  const started = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].filter(
    ({ state, lastState }) => state?.running ?? state?.terminated ?? lastState?.terminated,
  );
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].filter(({ name }) =>
    started.some((one) => one.name === name),
  );
}

async function copyLog(access: Access, { path, prefix }: Source): Promise<void> {
  const response = await open(access, path);
  const lines = createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY });
  if (response.statusCode !== 200) {
    const words: string[] = [];
    for await (const line of lines) words.push(line);
    throw new Error(`${prefix}${statusMessage(words.join('\n'))}`);
  }
  for await (const line of lines) {
    // a slow reader slows the log down, instead of filling memory
    if (!process.stdout.write(`${prefix}${line}\n`)) {
      await new Promise((resolve) => process.stdout.once('drain', resolve));
    }
  }
}

function open({ url, ca, certificate: cert, key }: Access, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { ca, cert, key, agent: false }, resolve);
    sent.once('error', reject);
    sent.end();
  });
}

function statusMessage(body: string): string {
  try {
    return (JSON.parse(body) as { message?: string }).message ?? body;
  } catch {
    return body;
  }
}

function noLogs(app: App, { container }: LogOptions): SampanError {
  const hasIt = app.pods.some(({ spec }) => spec?.containers?.some(({ name }) => name === container));
  if (container !== undefined && app.pods.length > 0 && !hasIt) {
    const names = new Set(app.pods.flatMap(({ spec }) => (spec?.containers ?? []).map(({ name }) => name)));
    return new SampanError(
      'container-not-found',
      `${app.name} has no container ${JSON.stringify(container)}.`,
      {
        hint: `It has: ${[...names].join(', ')}`,
      },
    );
  }
  const { trouble } = app;
  const why = trouble ? ` (${trouble.reason})` : '';
  return new SampanError('no-logs', `No container of ${app.name} has started yet${why}.`, {
    hint: 'See why: sampan ps',
  });
}
