import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { k8s } from '@sampan/api';
import type { ContainerRuntime } from '../runtime/index.ts';

/** No more of an answer is read. */
const LONGEST_ANSWER = 10 * 1024;

/**
 * Runs a lifecycle handler to its end (kubelet lifecycle/handlers.go): a command, a request or a sleep. Throws when it
 * fails, or when `signal` aborts.
 */
export async function runHook(
  runtime: ContainerRuntime,
  hook: k8s.LifecycleHandler,
  { id, container, podIP }: { id: string; container: k8s.Container; podIP: string },
  signal: AbortSignal,
): Promise<void> {
  if (hook.exec) {
    const { exitCode } = await abortable(runtime.exec(id, hook.exec.command ?? [], 0), signal);
    if (exitCode !== 0) throw new Error(`command exited with ${exitCode}`);
  } else if (hook.httpGet) {
    await httpGet(hook.httpGet, container, podIP, signal);
  } else if (hook.sleep) {
    const { seconds } = hook.sleep;
    await abortable(new Promise((resolve) => setTimeout(resolve, seconds * 1000)), signal);
  } else {
    throw new Error('invalid handler');
  }
}

function abortable<T>(task: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new Error('the hook took too long'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    task.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function httpGet(
  { host, port, path = '/', scheme, httpHeaders = [] }: k8s.HTTPGetAction,
  container: k8s.Container,
  podIP: string,
  signal: AbortSignal,
): Promise<void> {
  const secure = scheme?.toUpperCase() === 'HTTPS';
  const headers = Object.fromEntries(httpHeaders.map(({ name, value }) => [name, value]));
  const target = { host: host || podIP, port: portOf(port, container), path, headers, signal };
  return new Promise((resolve, reject) => {
    // who answers is the pod itself: its certificate proves nothing, as upstream has it
    const request = secure ? httpsRequest({ ...target, rejectUnauthorized: false }) : httpRequest(target);
    request.once('error', reject);
    request.once('response', (response) => {
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > LONGEST_ANSWER) response.destroy();
      });
      response.once('close', resolve);
      response.once('error', () => {});
    });
    request.end();
  });
}

/** A number, a number as text, or the name of one of the container's ports. */
export function portOf(port: number | string, { ports, name }: k8s.Container): number {
  if (typeof port === 'number') return port;
  if (port === '') return 80;
  if (/^\d+$/.test(port)) return Number(port);
  const named = (ports ?? []).find((each) => each.name === port);
  if (!named) throw new Error(`couldn't find port: ${port} in ${name}`);
  return named.containerPort;
}
