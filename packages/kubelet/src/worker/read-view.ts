import type { PodContainer, PodView } from '../pods/pod-view.ts';
import type { ContainerRuntime, ContainerStatus } from '../runtime/index.ts';

/** An exited container's reason may still change for this long: that it was for want of memory is told apart. */
const SETTLED_MS = 3000;

/** Reads what the runtime has of a pod; what cannot change any more is remembered. One for each pod. */
export class ViewReader {
  readonly #runtime: ContainerRuntime;
  readonly #uid: string;
  readonly #now: () => number;
  #ended = new Map<string, PodContainer>();

  constructor(runtime: ContainerRuntime, uid: string, now: () => number) {
    this.#runtime = runtime;
    this.#uid = uid;
    this.#now = now;
  }

  async read(): Promise<PodView> {
    const [sandboxes, containers] = await Promise.all([this.#sandboxes(), this.#containers()]);
    return { sandboxes, containers };
  }

  async #sandboxes() {
    const summaries = await this.#runtime.listSandboxes(this.#uid);
    const found = await Promise.all(summaries.map(({ id }) => this.#runtime.sandboxStatus(id)));
    return found
      .filter((status) => status !== undefined)
      .sort((a, b) => b.attempt - a.attempt || b.createdAt - a.createdAt);
  }

  async #containers(): Promise<PodContainer[]> {
    const summaries = await this.#runtime.listContainers(this.#uid);
    const found = await Promise.all(
      summaries.map(async ({ id, sandboxId }) => {
        const known = this.#ended.get(id);
        if (known) return known;
        const status = await this.#runtime.containerStatus(id);
        return status && { ...begun(status), sandboxId };
      }),
    );
    const containers = found.filter((container) => container !== undefined);
    this.#ended = new Map(
      containers.filter((container) => this.#settled(container)).map((each) => [each.id, each]),
    );
    return containers.sort((a, b) => b.attempt - a.attempt || b.createdAt - a.createdAt);
  }

  #settled({ state, finishedAt }: PodContainer): boolean {
    return state === 'exited' && this.#now() - finishedAt > SETTLED_MS;
  }
}

/**
 * A start that was cut short, for the agent which asked for it died, is none: the runtime shows an exit, and a pod that
 * must not restart would fail by it.
 */
function begun(status: ContainerStatus): ContainerStatus {
  const { state, reason, startedAt, message } = status;
  const isCutShort =
    state === 'exited' && reason === 'StartError' && startedAt === 0 && message.includes('context canceled');
  return isCutShort
    ? { ...status, state: 'created', exitCode: 0, reason: '', message: '', finishedAt: 0 }
    : status;
}
