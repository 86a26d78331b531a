import { createHash } from 'node:crypto';
import {
  type Descriptions,
  errors,
  OPENAPI_V2_PROTOBUF,
  OPENAPI_V3_PROTOBUF,
  type OpenApiDefinition,
  OpenApiV2Memory,
  openApiFormat,
  openApiV2,
  openApiV2Protobuf,
  openApiV3,
  openApiV3Fingerprint,
  openApiV3Path,
  openApiV3Protobuf,
} from '@sampan/api';
import type { RemoteGroups } from '../aggregation/remote-discovery.ts';
import type { Exchange } from '../http/exchange.ts';
import { sendBytes, sendJson } from '../http/respond.ts';
import type { ResourceTable } from '../registry/resource-table.ts';
import type { PathHandler } from './path-server.ts';

export interface OpenApiOptions {
  readonly version: string;
  /** Doc texts, read when the first document is asked for. */
  descriptions?(): Descriptions;
  /** Documents of API versions that other servers serve. */
  readonly remote?: RemoteGroups;
}

interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

/** Documents that nobody asks for any more are dropped after this time: they are large and rarely read. */
const KEEP_MS = 60_000;

/** `/openapi/v2` and `/openapi/v3` (KEP-2896), built when asked for and again when the served resources change. */
export class OpenApi implements PathHandler {
  readonly #resources: ResourceTable;
  readonly #options: OpenApiOptions;
  #version = -1;
  #cache = new Map<string, Buffer>();
  #hashes = new Map<string, string>();
  /** What is left of the last document when the served resources change. */
  #memory = new OpenApiV2Memory();
  #forget: NodeJS.Timeout | undefined;

  constructor(resources: ResourceTable, options: OpenApiOptions) {
    this.#resources = resources;
    this.#options = options;
  }

  serve(exchange: Exchange): boolean {
    const { path } = exchange.info;
    if (path === '/openapi/v2') return this.#serveV2(exchange);
    if (path === '/openapi/v3' || path === '/openapi/v3/') return this.#serveIndex(exchange);
    if (!path.startsWith('/openapi/v3/')) return false;
    const gv = this.#groupVersions().find(
      (candidate) => openApiV3Path(candidate) === path.slice('/openapi/v3/'.length),
    );
    return gv !== undefined && this.#serveV3(exchange, gv);
  }

  #serveV2(exchange: Exchange): boolean {
    const format = formatOf(exchange, 2);
    const body = this.#document(`v2 ${format}`, () => {
      const document = openApiV2(this.#definitions(), this.#documentOptions(), this.#memory);
      return format === 'json'
        ? Buffer.from(JSON.stringify(document))
        : openApiV2Protobuf(document, this.#memory.encoded);
    });
    const hash = this.#hashes.getOrInsertComputed(`v2 ${format}`, () => hashOf(body));
    sendDocument(exchange, format === 'json' ? 'application/json' : OPENAPI_V2_PROTOBUF, body, hash);
    return true;
  }

  #serveIndex(exchange: Exchange): boolean {
    const entries = this.#groupVersions().map((gv) => {
      const path = openApiV3Path(gv);
      return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${this.#hash(gv)}` }] as const;
    });
    const remote = (this.#options.remote?.discovery() ?? []).flatMap(({ group, version, openApi }) =>
      openApi === undefined ? [] : [[`apis/${group}/${version}`, { serverRelativeURL: openApi }] as const],
    );
    sendJson(exchange, 200, { paths: Object.fromEntries([...entries, ...remote]) });
    return true;
  }

  #serveV3(exchange: Exchange, gv: GroupVersion): boolean {
    const format = formatOf(exchange, 3);
    const json = this.#v3Json(gv);
    const hash = this.#hash(gv);
    const asked = exchange.query.get('hash');
    if (asked === hash) exchange.response.setHeader('cache-control', 'public, immutable');
    const body =
      format === 'json'
        ? json
        : this.#document(`v3 protobuf ${openApiV3Path(gv)}`, () =>
            openApiV3Protobuf(JSON.parse(json.toString())),
          );
    sendDocument(exchange, format === 'json' ? 'application/json' : OPENAPI_V3_PROTOBUF, body, hash);
    return true;
  }

  #v3Json(gv: GroupVersion): Buffer {
    return this.#document(`v3 json ${openApiV3Path(gv)}`, () =>
      Buffer.from(JSON.stringify(openApiV3(gv, this.#definitions(), this.#documentOptions()))),
    );
  }

  /** The hash stands in for the document: clients keep what they have while it is the same. */
  #hash(gv: GroupVersion): string {
    this.#refresh();
    return this.#hashes.getOrInsertComputed(openApiV3Path(gv), () =>
      hashOf(Buffer.from(openApiV3Fingerprint(gv, this.#definitions(), this.#documentOptions()))),
    );
  }

  #document(key: string, make: () => Buffer): Buffer {
    this.#refresh();
    clearTimeout(this.#forget);
    this.#forget = setTimeout(() => {
      this.#cache.clear();
      this.#memory = new OpenApiV2Memory();
    }, KEEP_MS);
    this.#forget.unref();
    return this.#cache.getOrInsertComputed(key, make);
  }

  #refresh(): void {
    if (this.#version === this.#resources.version) return;
    this.#version = this.#resources.version;
    this.#cache = new Map();
    this.#hashes = new Map();
  }

  #definitions(): readonly OpenApiDefinition[] {
    return this.#resources.definitions();
  }

  #groupVersions(): GroupVersion[] {
    const found = new Map<string, GroupVersion>();
    for (const { group, version } of this.#definitions())
      found.set(`${group}/${version}`, { group, version });
    return [...found.values()];
  }

  #documentOptions() {
    const descriptions = this.#options.descriptions?.();
    return { version: this.#options.version, ...(descriptions ? { descriptions } : {}) };
  }
}

function formatOf(exchange: Exchange, version: 2 | 3): 'json' | 'protobuf' {
  const format = openApiFormat(exchange.header('accept'), version);
  if (!format) throw errors.notAcceptable('only the following media types are accepted: application/json');
  return format;
}

function hashOf(body: Uint8Array): string {
  return createHash('sha512').update(body).digest('hex').toUpperCase();
}

function sendDocument(exchange: Exchange, contentType: string, body: Uint8Array, hash: string): void {
  const { response } = exchange;
  const etag = `"${hash}"`;
  response.setHeader('etag', etag);
  response.setHeader('vary', 'Accept');
  if (exchange.header('if-none-match') === etag) {
    response.statusCode = 304;
    response.end();
    return;
  }
  sendBytes(exchange, 200, contentType, body);
}
