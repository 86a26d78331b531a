import type { ObjectReader } from '@sampan/machinery';
import type { NodeRequest } from '../subresources/node-proxy.ts';
import type { NodeAgent } from './node-agent.ts';

export interface NodeProxyOptions {
  /** The agent of a node by the node's name; undefined: the node has none here. */
  readonly agent: (node: string) => NodeAgent | undefined;
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
