import { StatusError } from '@sampan/api';
import type { Cluster } from '../registry/cluster.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { bookmark, type StreamEvent, type WatchRequest, watch } from '../registry/watch.ts';
import type { Exchange } from './exchange.ts';
import { leaveFastPath } from './fast-path.ts';
import { JSON_OBJECT } from './negotiate.ts';
import type { View } from './render.ts';
import { statusOf } from './respond.ts';
import { partialOf, tableOf } from './table.ts';
import { Frame } from './watch-frames.ts';
import { openOutlet } from './watch-pace.ts';
import { watchSink } from './watch-sink.ts';

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
  const sink = watchSink(exchange);
  // whoever takes over the connection listens to it alone
  if (!exchange.upgrade) leaveFastPath(exchange.request);
  const encoder = encoderOf(resource, view, cluster);
  let stop = () => {};
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    stop();
    forget();
    outlet.close();
    clearTimeout(deadline);
    clearInterval(bookmarks);
    sink.end();
  };
  const deadline = setTimeout(end, timeoutMs > 0 ? timeoutMs : MIN_TIMEOUT_MS * (1 + Math.random()));
  const { revision } = source;
  const bookmarks =
    request.bookmarks && revision
      ? setInterval(() => send([bookmark(resource, revision())]), BOOKMARK_INTERVAL_MS)
      : undefined;
  sink.onClose(end);
  // the client asks again, and sees the resource as it is from now on, or that it is gone
  const forget = resource.custom ? cluster.resources.onReplaced(resource, end) : () => {};
  const outlet = openOutlet((batches) => {
    const waiting = sink.write(encoder(batches));
    if (waiting > MAX_WAITING_BYTES) sink.destroy();
  });
  const send = (events: readonly StreamEvent[]) => {
    if (!ended) outlet.send(events);
  };
  try {
    let opened = false;
    const early: StreamEvent[] = [];
    stop = source.start((events) => {
      if (opened) send(events);
      else early.push(...events);
    });
    sink.open();
    opened = true;
    if (early.length > 0) send(early);
    else sink.flush();
  } catch (error) {
    forget();
    clearTimeout(deadline);
    clearInterval(bookmarks);
    outlet.close();
    if (!(error instanceof StatusError) || error.code !== 410) throw error;
    // a watch that starts too late is told in the stream, as upstream's watch cache does
    sink.open();
    sink.end(`${JSON.stringify({ type: 'ERROR', object: statusOf(error) })}\n`);
  }
}

type Batches = readonly (readonly StreamEvent[])[];
type Encoder = (batches: Batches) => Frame;
type EventEncoder = (event: StreamEvent) => Uint8Array;

interface Shared {
  readonly count: number;
  readonly last: readonly StreamEvent[];
  readonly frame: Frame;
}

const shared = new WeakMap<readonly StreamEvent[], Shared>();

/**
 * The frame of plain events. Watchers without selectors are given the same lists, and those that wait are told
 * together, so most of them need the very frame that the one before them needed: that of the same first and last list.
 */
function plainFrame(batches: Batches): Frame {
  const first = batches[0] as readonly StreamEvent[];
  const last = batches.at(-1) as readonly StreamEvent[];
  const known = shared.get(first);
  if (known && known.count === batches.length && known.last === last) return known.frame;
  const frame = frameOf(batches, (event) => event.encoded('json', encodePlain));
  shared.set(first, { count: batches.length, last, frame });
  return frame;
}

function frameOf(batches: Batches, encode: EventEncoder): Frame {
  const pieces = batches.flatMap((events) => events.map(encode));
  return new Frame(pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces));
}

function encoderOf(resource: ServedResource, view: View, cluster: Cluster): Encoder {
  const encode = eventEncoderOf(resource, view, cluster);
  return encode ? (batches) => frameOf(batches, encode) : plainFrame;
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
