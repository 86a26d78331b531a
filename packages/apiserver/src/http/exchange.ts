import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { UserInfo } from '../auth/contract.ts';
import type { ConnectionUpgrade } from './connection-upgrade.ts';
import { parseRequest, type RequestInfo } from './request-info.ts';

export type HttpRequest = IncomingMessage | Http2ServerRequest;
export type HttpResponse = ServerResponse | Http2ServerResponse;

const NO_QUERY = new URLSearchParams();

/** One request and its response, with what the pipeline learns about it. */
export class Exchange {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  readonly method: string;
  readonly query: URLSearchParams;
  readonly info: RequestInfo;
  /** Path and query within the cluster, as sent. */
  readonly url: string;
  /** The client wants the connection for another protocol. */
  readonly upgrade: ConnectionUpgrade | undefined;
  /** Set by authentication. */
  user: UserInfo = { name: '', groups: [] };
  #warnings: string[] | undefined;

  /** Throws BadRequest on a path that is not well formed. `url` is the path and query within the cluster. */
  constructor(request: HttpRequest, response: HttpResponse, url: string, upgrade?: ConnectionUpgrade) {
    this.request = request;
    this.url = url;
    this.upgrade = upgrade;
    this.response = response;
    this.method = request.method ?? 'GET';
    const mark = url.indexOf('?');
    this.query = mark < 0 ? NO_QUERY : new URLSearchParams(url.slice(mark + 1));
    this.info = parseRequest(this.method, mark < 0 ? url : url.slice(0, mark), this.query);
  }

  header(name: string): string {
    const value = this.request.headers[name];
    return typeof value === 'string' ? value : (value?.[0] ?? '');
  }

  /** The host that the client believes to speak to. */
  get host(): string {
    return this.header('host') || this.header(':authority');
  }

  warn = (text: string): void => {
    this.#warnings ??= [];
    if (!this.#warnings.includes(text)) this.#warnings.push(text);
  };

  get warnings(): readonly string[] {
    return this.#warnings ?? [];
  }
}
