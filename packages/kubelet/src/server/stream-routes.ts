import type { k8s } from '@sampan/api';
import { isNotFound, type Streams } from '../runtime/index.ts';
import type { AgentCall, AgentHandler } from './agent-context.ts';
import { AgentError } from './agent-error.ts';
import { readJson, sendJson } from './answer.ts';

/**
 * Where a command, a container's own streams or a pod's ports can be reached: each answers `{url}`, an address of the
 * runtime on loopback that is good for one connection by SPDY/3.1 within a minute. The agent itself carries nothing.
 */
export const execRoute: AgentHandler = async (call) => {
  const asked = await readJson(call);
  const id = await containerOf(call, text(asked.uid), text(asked.container));
  const command = Array.isArray(asked.command) ? asked.command.map(String) : [];
  if (command.length === 0) throw new AgentError(400, 'you must specify a command');
  const url = await ask(() =>
    call.options.runtime.execUrl(id, command, streamsOf(asked, asked.tty === true)),
  );
  sendJson(call, 200, { url });
};

/** Whether it is a terminal was decided when the container was made. */
export const attachRoute: AgentHandler = async (call) => {
  const asked = await readJson(call);
  const [uid, container] = [text(asked.uid), text(asked.container)];
  const id = await containerOf(call, uid, container);
  const tty = containerSpec(podOf(call, uid), container)?.tty ?? false;
  const url = await ask(() => call.options.runtime.attachUrl(id, streamsOf(asked, tty)));
  sendJson(call, 200, { url, tty });
};

export const portForwardRoute: AgentHandler = async (call) => {
  const asked = await readJson(call);
  const { uid } = podOf(call, text(asked.uid)).metadata ?? {};
  const { runtime } = call.options;
  const sandboxes = (await ask(() => runtime.listSandboxes(uid))).filter(({ ready }) => ready);
  const [sandbox] = sandboxes.sort((a, b) => b.attempt - a.attempt);
  if (!sandbox) throw new AgentError(500, 'pod not found: it has no running sandbox');
  const ports = Array.isArray(asked.ports) ? asked.ports.map(Number).filter(isPort) : [];
  sendJson(call, 200, { url: await ask(() => runtime.portForwardUrl(sandbox.id, ports)) });
};

export function podOf({ options }: AgentCall, uid: string): k8s.Pod {
  const pod = options.pods.pod(uid);
  if (!pod) throw new AgentError(404, 'pod does not exist');
  return pod;
}

/** The newest container of this name. */
async function containerOf(call: AgentCall, uid: string, name: string): Promise<string> {
  // a pod of a file has another uid in the API than here
  const own = podOf(call, uid).metadata?.uid;
  const containers = (await ask(() => call.options.runtime.listContainers(own))).filter(
    (container) => container.name === name,
  );
  const [newest] = containers.sort((a, b) => b.attempt - a.attempt || b.createdAt - a.createdAt);
  if (!newest) throw new AgentError(500, `container not found (${JSON.stringify(name)})`);
  return newest.id;
}

export function containerSpec(pod: k8s.Pod, name: string): k8s.Container | undefined {
  const { containers, initContainers, ephemeralContainers } = pod.spec ?? {};
  return [containers, initContainers, ephemeralContainers]
    .flatMap((list) => list ?? [])
    .find((each) => each.name === name);
}

function streamsOf(asked: Readonly<Record<string, unknown>>, tty: boolean): Streams {
  const wants = (name: string): boolean => asked[name] === true;
  const streams = { stdin: wants('stdin'), stdout: wants('stdout'), stderr: wants('stderr') && !tty, tty };
  if (!streams.stdin && !streams.stdout && !streams.stderr)
    throw new AgentError(400, 'you must specify at least 1 of stdin, stdout, stderr');
  return streams;
}

/** What the runtime refuses is told in its words. */
async function ask<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new AgentError(isNotFound(error) ? 404 : 500, message);
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const isPort = (port: number): boolean => Number.isInteger(port) && port > 0 && port < 65_536;
