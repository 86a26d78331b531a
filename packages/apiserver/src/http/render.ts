import { errors, type KubeObject } from '@sampan/api';
import type { Entry } from '@sampan/store';
import { stringify } from 'yaml';
import { type Rendered, render } from '../registry/encoding.ts';
import type { ListResult } from '../registry/list.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import type { Exchange } from './exchange.ts';
import { JSON_OBJECT, negotiate, type OutputFormat } from './negotiate.ts';
import { sendBytes } from './respond.ts';
import { type IncludeObject, partialOf, type Tabular, tableOf } from './table.ts';

/** What the client wants to see, from the Accept header and the query. */
export interface View {
  readonly format: OutputFormat;
  readonly include: IncludeObject;
  readonly pretty: boolean;
}

/** Browsers and curl read with human eyes. */
const HUMAN_AGENT = /^(curl|Wget|Mozilla)\//;

/** `tables`: whether what is answered has a table; default true. */
export function viewOf(exchange: Exchange, tables = true): View {
  const format = negotiate(exchange.header('accept'), tables);
  const include = exchange.query.get('includeObject');
  if (
    include !== null &&
    include !== '' &&
    include !== 'None' &&
    include !== 'Metadata' &&
    include !== 'Object'
  ) {
    throw errors.badRequest(`unrecognized includeObject value: ${JSON.stringify(include)}`);
  }
  const pretty = exchange.query.get('pretty');
  return {
    format,
    include: (include || 'Metadata') as IncludeObject,
    pretty:
      pretty === null
        ? HUMAN_AGENT.test(exchange.header('user-agent'))
        : pretty !== 'false' && pretty !== '0',
  };
}

const COMMA = Buffer.from(',');
const BRACE = Buffer.from('{');
const LIST_END = Buffer.from(']}');

/** Answers with one object. */
export function sendObject(
  exchange: Exchange,
  view: View,
  resource: ServedResource,
  status: number,
  rendered: Rendered,
  now: number,
): void {
  if (view.format === JSON_OBJECT && !view.pretty) {
    sendBytes(exchange, status, 'application/json', rendered.bytes);
    return;
  }
  sendValue(exchange, view, status, transform(resource, view, rendered.object, now));
}

/** An object in the form that the client wants: itself, a Table or its metadata. */
export function transform(shape: Tabular, view: View, object: KubeObject, now: number): unknown {
  switch (view.format.as) {
    case 'Object':
      return object;
    case 'Table': {
      const table = tableOf(shape, [object], view.format, view.include, now);
      table.metadata = { resourceVersion: object.metadata.resourceVersion };
      return table;
    }
    case 'PartialObjectMetadata':
      return partialOf(object, view.format);
    default:
      throw errors.notAcceptable(`the object is not a list: ask for PartialObjectMetadata`);
  }
}

export function sendValue(exchange: Exchange, view: View, status: number, value: unknown): void {
  if (view.format.yaml) {
    sendBytes(exchange, status, 'application/yaml', Buffer.from(stringify(value)));
  } else {
    const text = view.pretty ? `${JSON.stringify(value, null, 2)}\n` : JSON.stringify(value);
    sendBytes(exchange, status, 'application/json', Buffer.from(text));
  }
}

/** Answers with a list: the plain form joins stored bytes. */
export function sendList(
  exchange: Exchange,
  view: View,
  resource: ServedResource,
  result: ListResult,
  now: number,
): void {
  if (view.format === JSON_OBJECT && !view.pretty) {
    sendBytes(exchange, 200, 'application/json', plainList(resource, view, result));
    return;
  }
  const metadata = listMetadata(resource, view, result);
  const objects = result.entries.map((entry) => render(resource, entry).object);
  sendValue(exchange, view, 200, listValue(resource, view, metadata, objects, now));
}

/** The bytes of a list in the plain form. */
export function plainList(resource: ServedResource, view: View, result: ListResult): Uint8Array {
  return Buffer.concat(listParts(resource, listMetadata(resource, view, result), result.entries));
}

function listMetadata(resource: ServedResource, view: View, result: ListResult): object {
  return {
    resourceVersion: result.resourceVersion,
    // unstructured lists, and only those, show an empty one
    ...(result.continueToken !== undefined || (resource.custom && view.format.as === 'Object')
      ? { continue: result.continueToken ?? '' }
      : {}),
    ...(result.remainingItemCount === undefined ? {} : { remainingItemCount: result.remainingItemCount }),
  };
}

function listValue(
  resource: ServedResource,
  view: View,
  metadata: object,
  objects: KubeObject[],
  now: number,
): unknown {
  switch (view.format.as) {
    case 'Table':
      return { ...tableOf(resource, objects, view.format, view.include, now), metadata };
    case 'PartialObjectMetadataList':
      return {
        kind: 'PartialObjectMetadataList',
        apiVersion: `meta.k8s.io/${view.format.version}`,
        metadata,
        items: objects.map((object) => partialOf(object, view.format)),
      };
    case 'PartialObjectMetadata':
      throw errors.notAcceptable('the object is a list: ask for PartialObjectMetadataList');
    default:
      return {
        kind: resource.listKind,
        apiVersion: resource.apiVersion,
        metadata,
        items: resource.custom
          ? objects
          : objects.map(({ kind: _kind, apiVersion: _apiVersion, ...rest }) => rest),
      };
  }
}

/** Items of built-in lists have no kind and apiVersion, as upstream's typed lists have not; those of custom ones do. */
function listParts(resource: ServedResource, metadata: object, entries: readonly Entry[]): Uint8Array[] {
  const { kind, apiVersion } = { kind: resource.listKind, apiVersion: resource.apiVersion };
  const parts: Uint8Array[] = [
    Buffer.from(`${JSON.stringify({ kind, apiVersion, metadata }).slice(0, -1)},"items":[`),
  ];
  for (let i = 0; i < entries.length; i++) {
    if (i > 0) parts.push(COMMA);
    const { bytes } = render(resource, entries[i] as Entry);
    if (resource.custom) parts.push(bytes);
    else parts.push(BRACE, bytes.subarray(resource.headLength));
  }
  parts.push(LIST_END);
  return parts;
}
