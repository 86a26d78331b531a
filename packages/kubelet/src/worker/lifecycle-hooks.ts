import type { k8s } from '@sampan/api';
import { sendProbe } from '../probes/http-probe.ts';
import type { ContainerRuntime } from '../runtime/index.ts';
import { abortable } from './abortable.ts';

/** As upstream names itself to those whose hooks it calls. */
const HOOK_AGENT = 'kube-lifecycle/1.36';

export interface HookPlace {
  readonly container: k8s.Container;
  /** Of the container. */
  readonly id: string;
  readonly podIP: string;
  /** What the machine dials for an address as the pod knows it. Throws when that must not be dialled. */
  readonly address: (host: string) => string;
}

/**
 * Runs a lifecycle handler to its end (kubelet lifecycle/handlers.go): a command, a request or a sleep. Throws when it
 * fails, or when `signal` aborts.
 */
export async function runHook(
  runtime: Pick<ContainerRuntime, 'exec'>,
  hook: k8s.LifecycleHandler,
  place: HookPlace,
  signal: AbortSignal,
): Promise<void> {
  if (hook.exec) {
    const { exitCode } = await abortable(runtime.exec(place.id, hook.exec.command ?? [], 0), signal);
    if (exitCode !== 0) throw new Error(`command exited with ${exitCode}`);
  } else if (hook.httpGet) {
    await httpGet(hook.httpGet, place, signal);
  } else if (hook.sleep) {
    await sleep(hook.sleep.seconds * 1000, signal);
  } else {
    throw new Error('invalid handler');
  }
}

/** Whatever it answers will do. */
async function httpGet(
  { host, port, path = '', scheme = 'HTTP', httpHeaders = [] }: k8s.HTTPGetAction,
  { container, podIP, address }: HookPlace,
  signal: AbortSignal,
): Promise<void> {
  const named = host || podIP;
  const place = { host: named, dial: address(named), port: portOf(port, container) };
  const request = { ...place, path, headers: httpHeaders, agent: HOOK_AGENT };
  const secure = scheme.toUpperCase() === 'HTTPS';
  try {
    await sendProbe({ ...request, secure }, signal);
  } catch (error) {
    // hooks were once called without TLS whatever they asked for (KEP-3503)
    if (!secure || (error as NodeJS.ErrnoException).code !== 'EPROTO') throw error;
    await sendProbe({ ...request, secure: false }, signal);
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  return abortable(promise, signal).finally(() => clearTimeout(timer));
}

/** A number, a number as text, or the name of one of the container's ports. */
function portOf(port: number | string, { ports, name }: k8s.Container): number {
  if (typeof port === 'number') return port;
  if (port === '') return 80;
  if (/^\d+$/.test(port)) return Number(port);
  const named = (ports ?? []).find((each) => each.name === port);
  if (!named) throw new Error(`couldn't find port: ${port} in ${name}`);
  return named.containerPort;
}
