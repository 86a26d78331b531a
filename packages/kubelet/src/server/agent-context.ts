import type { IncomingMessage, ServerResponse } from 'node:http';
import type { k8s } from '@sampan/api';
import type { Logger } from '@sampan/base';
import type { ContainerExits } from '../logs/container-exits.ts';
import type { ContainerRuntime } from '../runtime/index.ts';

/** The pods of the node, with the statuses that the agent told last. `Agent` is one. */
export interface PodSource {
  pods(): readonly k8s.Pod[];
  pod(uid: string): k8s.Pod | undefined;
}

export interface AgentReport {
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

export interface AgentServerOptions {
  /** Path of the Unix socket; what is left of an earlier one is replaced. Its folder says who may come in. */
  readonly socket: string;
  /** Who besides the owner may connect: a group's id. */
  readonly group?: number;
  readonly pods: PodSource;
  readonly runtime: ContainerRuntime;
  readonly log: Logger;
  /** What GET of a path answers, made anew each time: `/metrics`, `/stats/summary`, `/configz`, …. */
  readonly reports?: Readonly<Record<string, (query: URLSearchParams) => AgentReport | Promise<AgentReport>>>;
  /** What `/logs/` shows: a folder of log files. Absent: nothing. */
  readonly logsFolder?: string;
}

/** One request, as routes see it. */
export interface AgentCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What is behind the route's path, decoded. */
  readonly rest: readonly string[];
  readonly query: URLSearchParams;
  readonly options: AgentServerOptions;
  readonly exits: ContainerExits;
  /** Aborts when the client is gone or the server stops. */
  readonly signal: AbortSignal;
}

export type AgentHandler = (call: AgentCall) => Promise<void>;
