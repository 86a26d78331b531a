import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { ObjectReader } from '@sampan/machinery';
import type { NodeRequest } from '../subresources/node-proxy.ts';

export interface AgentRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Readable | string;
}

/** Of which container or pod streams are asked for, and which. */
export interface StreamAsked {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly container?: string;
  readonly command?: readonly string[];
  readonly stdin?: boolean;
  readonly stdout?: boolean;
  readonly stderr?: boolean;
  readonly tty?: boolean;
  readonly ports?: readonly number[];
}

/** Where SPDY/3.1 is spoken for one connection. */
export interface StreamAddress {
  readonly url: URL;
  /** Of attach: whether the container has a terminal. */
  readonly tty?: boolean;
  /** Instead of a new connection to the URL: one whose other end was verified. The caller closes it. */
  readonly socket?: Socket;
}

/** What runs pods on a node, as it is asked: the machine's own agent, or a kubelet elsewhere. */
export interface NodeAnswerer {
  /** The answer, whatever its status; the caller reads or destroys it. Throws ServiceUnavailable when there is none. */
  send(request: AgentRequest): Promise<IncomingMessage>;
  /** The same, for answers of 200; throws what others stand for. */
  get(path: string): Promise<IncomingMessage>;
  stream(kind: 'exec' | 'attach' | 'portforward', asked: StreamAsked): Promise<StreamAddress>;
}

export interface NodeProxyOptions {
  /** What answers for a node, by the node's name; undefined: nothing does. Throws StatusErrors that say why not. */
  readonly agent: (node: string) => NodeAnswerer | undefined;
  /** The cluster's objects. */
  readonly reader: ObjectReader;
  /**
   * Where this process reaches a pod that has this address (of the node's own network when `onNode`); undefined: no
   * pod of this cluster can have it. What objects say may be made up: only the machine's own knowledge of the cluster's
   * network counts, and loopback is never an answer.
   */
  readonly reach: (ip: string, onNode: boolean) => string | undefined | Promise<string | undefined>;
}

/** One request and the way to its node. */
export interface Hop {
  readonly request: NodeRequest;
  readonly options: NodeProxyOptions;
}

/** Answers the request, or throws a StatusError before anything was sent. */
export type HopHandler = (hop: Hop) => Promise<void>;
