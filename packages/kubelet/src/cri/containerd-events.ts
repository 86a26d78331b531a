import { type ServiceError, status } from '@grpc/grpc-js';
import { decodeMessage } from '../grpc/decode-message.ts';
import { encodeMessage } from '../grpc/encode-message.ts';
import { type GrpcChannel, runtimeError } from '../grpc/grpc-channel.ts';
import type { MessageTable } from '../grpc/message-table.ts';
import type { RuntimeEvent } from '../runtime/index.ts';

/** containerd's api/services/events/v1 and api/events, as far as they are read. */
const TABLE: MessageTable = {
  SubscribeRequest: { filters: [1, 'string[]'] },
  PublishRequest: { topic: [1, 'string'], event: [2, 'Any'] },
  Any: { type_url: [1, 'string'], value: [2, 'bytes'] },
  Envelope: { namespace: [2, 'string'], topic: [3, 'string'], event: [4, 'Any'] },
  /** Every event of a task, and the deletion of a container, names the container first. */
  Named: { container_id: [1, 'string'] },
  /** `id` is the process: the container's own bears the container's name. */
  TaskExit: { container_id: [1, 'string'], id: [2, 'string'] },
};

interface Envelope {
  readonly topic?: string;
  readonly event?: { readonly value?: Uint8Array };
}

type Kind = Exclude<RuntimeEvent['kind'], 'resync'>;

const TOPICS: Readonly<Record<string, Kind>> = {
  '/tasks/create': 'created',
  '/tasks/start': 'started',
  '/tasks/exit': 'exited',
  '/tasks/oom': 'oom',
  '/containers/delete': 'deleted',
};

/** containerd answers a subscription only with events, so one is sent to see that it stands. */
const PROBE_TOPIC = '/sampan/subscribed';
const PROBE_EVERY_MS = 20;

const FILTERS = [...Object.keys(TOPICS), PROBE_TOPIC].map((topic) => `namespace==k8s.io,topic=="${topic}"`);

/** What the runtime will answer the next time too. */
const LASTING = new Set([status.INVALID_ARGUMENT, status.UNIMPLEMENTED, status.PERMISSION_DENIED]);

const EVENTS = '/containerd.services.events.v1.Events';

/** How long the status calls get to show an exit that was told: CRI's own listener may be behind. */
const SETTLE_MS = [0, 5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000, 2000, 5000];

/** Whether the status calls show what an event told, and of whose pod. */
export interface StatusShows {
  readonly end: (id: string) => Promise<Shown>;
  readonly oom: (id: string) => Promise<Shown>;
}

export interface Shown {
  readonly isShown: boolean;
  /** undefined: the runtime does not know the id any more. */
  readonly podUid: string | undefined;
}

/** What `ContainerRuntime.watch` promises, by containerd's event service. */
export async function watchContainerd(
  channel: GrpcChannel,
  shows: StatusShows,
  listener: (event: RuntimeEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const emit = (event: RuntimeEvent): void => {
    if (!signal.aborted) listener(event);
  };
  const take = (kind: Kind, id: string): void => {
    // `settled` never rejects
    const later = (uid: string | undefined) =>
      emit({ kind, id, ...(uid === undefined ? {} : { podUid: uid }) });
    if (kind === 'exited') void settled(id, shows.end, signal).then(later);
    else if (kind === 'oom') void settled(id, shows.oom, signal).then(later);
    else emit({ kind, id });
  };
  for (let failures = 0; !signal.aborted; failures++) {
    if (await subscribeOnce(channel, take, () => emit({ kind: 'resync' }), signal)) failures = 0;
    await pause(Math.min(50 * 2 ** failures, 2000), signal);
  }
}

/** One subscription, until it breaks or `signal` aborts; tells whether it ever stood. */
function subscribeOnce(
  channel: GrpcChannel,
  take: (kind: Kind, id: string) => void,
  stands: () => void,
  signal: AbortSignal,
): Promise<boolean> {
  const mark = `${process.pid}.${Math.random()}`;
  let stood = false;
  return new Promise((resolve, reject) => {
    const stream = channel.stream(
      `${EVENTS}/Subscribe`,
      encodeMessage(TABLE, 'SubscribeRequest', { filters: FILTERS }),
    );
    const probe = setInterval(() => publish(channel, mark), PROBE_EVERY_MS);
    const clear = (): void => {
      clearInterval(probe);
      signal.removeEventListener('abort', cancel);
    };
    const end = (): void => {
      clear();
      resolve(stood);
    };
    const cancel = (): void => stream.cancel();
    stream.on('data', (bytes: Buffer) => {
      const { topic = '', event } = decodeMessage(TABLE, 'Envelope', bytes) as Envelope;
      const value = event?.value ?? new Uint8Array();
      if (topic === PROBE_TOPIC) {
        if (stood || Buffer.from(value).toString() !== mark) return;
        stood = true;
        clearInterval(probe);
        stands();
      } else if (Object.hasOwn(TOPICS, topic)) {
        const kind = TOPICS[topic];
        if (kind) takeEvent(kind, value, take);
      }
    });
    stream.on('error', (error: ServiceError) => {
      if (LASTING.has(error.code)) {
        clear();
        reject(runtimeError(error));
      } else end();
    });
    stream.on('end', end);
    if (signal.aborted) cancel();
    else signal.addEventListener('abort', cancel);
  });
}

function takeEvent(kind: Kind, value: Uint8Array, take: (kind: Kind, id: string) => void): void {
  const message = kind === 'exited' ? 'TaskExit' : 'Named';
  const { container_id = '', id } = decodeMessage(TABLE, message, value) as Record<string, string>;
  // the exit of a command run by exec says nothing of the container
  if (kind !== 'exited' || id === container_id) take(kind, container_id);
}

function publish(channel: GrpcChannel, mark: string): void {
  const event = { type_url: 'sampan.subscribed', value: Buffer.from(mark) };
  const request = encodeMessage(TABLE, 'PublishRequest', { topic: PROBE_TOPIC, event });
  // one that fails is followed by the next
  channel.unary(`${EVENTS}/Publish`, request, { timeoutMs: 1000 }).catch(() => {});
}

/** Returns whose it is. */
async function settled(
  id: string,
  look: (id: string) => Promise<Shown>,
  signal: AbortSignal,
): Promise<string | undefined> {
  let last: Shown | undefined;
  for (const ms of SETTLE_MS) {
    if (ms > 0) await pause(ms, signal);
    if (signal.aborted) break;
    try {
      last = await look(id);
      if (last.isShown) break;
    } catch {
      // the runtime went away: a resync will follow
      break;
    }
  }
  return last?.podUid;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
