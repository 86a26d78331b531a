import { StatusError } from '@sampan/api';
import type { Cluster } from '../registry/cluster.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { bookmark, type StreamEvent, type WatchRequest, watch } from '../registry/watch.ts';
import type { Exchange } from './exchange.ts';
import { JSON_OBJECT } from './negotiate.ts';
import type { View } from './render.ts';
import { statusOf, warningHeaders } from './respond.ts';
import { partialOf, tableOf } from './table.ts';
import { openOutlet } from './watch-pace.ts';

/** A client that reads so slowly that this much waits for it is cut off; it will watch again from where it was. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
const BOOKMARK_INTERVAL_MS = 60_000;
/** Without a timeout of its own, a watch ends after 30 to 60 minutes (`--min-request-timeout`). */
const MIN_TIMEOUT_MS = 30 * 60_000;

/** Where the events of a stream come from. */
export interface WatchSource {
  /** Calls `listener` with events in order, the first ones perhaps before it returns; may throw `Expired`. */
  start(listener: (events: readonly StreamEvent[]) => void): () => void;
  /** The version for bookmarks; absent: none are sent. */
  revision?(): number;
}

function storeSource(cluster: Cluster, resource: ServedResource, request: WatchRequest): WatchSource {
  return {
    start: (listener) => watch(cluster, resource, request, listener),
    revision: () => cluster.store.revision,
  };
}

/** Answers with a stream of watch events, one JSON document each line, until the client or the time ends it. */
export function streamWatch(
  exchange: Exchange,
  cluster: Cluster,
  resource: ServedResource,
  request: WatchRequest,
  view: View,
  timeoutMs: number,
  source: WatchSource = storeSource(cluster, resource, request),
): void {
  const { response } = exchange;
  const encoder = encoderOf(resource, view, cluster);
  let stop = () => {};
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    stop();
    outlet.close();
    clearTimeout(deadline);
    clearInterval(bookmarks);
    response.end();
  };
  const deadline = setTimeout(end, timeoutMs > 0 ? timeoutMs : MIN_TIMEOUT_MS * (1 + Math.random()));
  const { revision } = source;
  const bookmarks =
    request.bookmarks && revision
      ? setInterval(() => send([bookmark(resource, revision())]), BOOKMARK_INTERVAL_MS)
      : undefined;
  response.on('close', end);
  const outlet = openOutlet((batches) => {
    const waiting = writeEvents(response, batches, encoder);
    if (waiting > MAX_WAITING_BYTES) response.destroy();
  });
  const send = (events: readonly StreamEvent[]) => {
    if (!ended) outlet.send(events);
  };
  const open = () => {
    response.statusCode = 200;
    response.setHeader('content-type', 'application/json');
    response.setHeader('cache-control', 'no-cache, private');
    if (exchange.warnings.length > 0) response.setHeader('warning', warningHeaders(exchange.warnings));
  };
  try {
    let opened = false;
    const early: StreamEvent[] = [];
    stop = source.start((events) => {
      if (opened) send(events);
      else early.push(...events);
    });
    open();
    opened = true;
    if (early.length > 0) send(early);
    else flush(response);
  } catch (error) {
    clearTimeout(deadline);
    clearInterval(bookmarks);
    outlet.close();
    if (!(error instanceof StatusError) || error.code !== 410) throw error;
    // a watch that starts too late is told in the stream, as upstream's watch cache does
    open();
    response.end(`${JSON.stringify({ type: 'ERROR', object: statusOf(error) })}\n`);
  }
}

function flush(response: Exchange['response']): void {
  if ('flushHeaders' in response) response.flushHeaders();
}

type Encoder = (events: readonly StreamEvent[]) => Uint8Array;
type EventEncoder = (event: StreamEvent) => Uint8Array;

const joined = new WeakMap<readonly StreamEvent[], Uint8Array>();

/** Bytes of plain events, joined once for all watchers that share the list. */
function encodePlainEvents(events: readonly StreamEvent[]): Uint8Array {
  return joined.getOrInsertComputed(events, () =>
    join(events, (event) => event.encoded('json', encodePlain)),
  );
}

function join(events: readonly StreamEvent[], encode: EventEncoder): Uint8Array {
  const [first] = events;
  return first && events.length === 1 ? encode(first) : Buffer.concat(events.map(encode));
}

/** Writes batches, together; returns how many bytes wait for the client. */
function writeEvents(
  response: Exchange['response'],
  batches: readonly (readonly StreamEvent[])[],
  encoder: Encoder,
): number {
  // HTTP/1 sends the pieces in one system call; HTTP/2 does so anyway
  if ('cork' in response) response.cork();
  for (const events of batches) {
    (response as { write(chunk: Uint8Array): boolean }).write(encoder(events));
  }
  if ('uncork' in response) response.uncork();
  return 'writableLength' in response ? response.writableLength : 0;
}

function encoderOf(resource: ServedResource, view: View, cluster: Cluster): Encoder {
  const encode = eventEncoderOf(resource, view, cluster);
  return encode ? (events) => join(events, encode) : encodePlainEvents;
}

/** Undefined: the object as it is. */
function eventEncoderOf(resource: ServedResource, view: View, cluster: Cluster): EventEncoder | undefined {
  if (view.format === JSON_OBJECT) return undefined;
  if (view.format.as === 'Table') return tableEncoder(resource, view, cluster);
  if (view.format.as === 'PartialObjectMetadata') {
    return (event) =>
      event.encoded(`partial/${view.format.version}`, () =>
        encodeValue(event, partialOf(event.rendered.object, view.format)),
      );
  }
  return undefined;
}

const NEWLINE = '}\n';

function encodePlain(event: StreamEvent): Uint8Array {
  const head = `{"type":"${event.type}","object":`;
  const { bytes } = event.rendered;
  const out = Buffer.allocUnsafe(head.length + bytes.length + NEWLINE.length);
  out.write(head, 0, 'latin1');
  out.set(bytes, head.length);
  out.write(NEWLINE, head.length + bytes.length, 'latin1');
  return out;
}

function encodeValue(event: StreamEvent, object: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify({ type: event.type, object })}\n`);
}

/** Columns are told once, with the first event (upstream does the same). */
function tableEncoder(resource: ServedResource, view: View, cluster: Cluster): EventEncoder {
  let first = true;
  return (event) => {
    const { object } = event.rendered;
    const isMark = event.type === 'BOOKMARK';
    const table: Record<string, unknown> = tableOf(
      resource,
      isMark ? [] : [object],
      view.format,
      view.include,
      cluster.clock.now(),
      first,
    );
    if (!isMark) first = false;
    table.metadata = { resourceVersion: object.metadata.resourceVersion };
    if (isMark) {
      const cells = resource.columns.map((_, index) => (index === 0 ? '' : null));
      const rows = [{ cells, object: partialOf(object, view.format) }];
      return encodeValue(event, { ...table, columnDefinitions: null, rows });
    }
    return encodeValue(event, table);
  };
}
