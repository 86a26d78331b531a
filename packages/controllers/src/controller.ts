import { hostname } from 'node:os';
import { type KubeObject, StatusError } from '@sampan/api';
import type { Clock, Logger } from '@sampan/base';
import { type Client, EventRecorder, Informer, type ListOptions, type ResourceRef } from '@sampan/machinery';

/** What every controller works with. */
export interface ControllerContext {
  /** A client with this field manager. */
  client(name: string): Client;
  readonly clock: Clock;
  readonly log: Logger;
  /** Nodes that are not found dead by their silence: others know whether they live. Absent: none. */
  isHosted?(node: string): boolean;
}

/** A controller that runs. */
export interface Controller {
  /** Resolves when it has seen the present state. */
  readonly synced: Promise<unknown>;
  /** Resolves when it has worked on all that it knows of: then its clock knows what it does later. Absent: nothing. */
  readonly settled?: () => Promise<unknown>;
  /** Ends it; resolves when what it was doing is done. May be called twice. */
  stop(): Promise<void>;
}

export function informerOf<T extends KubeObject>(
  context: ControllerContext,
  client: Client,
  ref: ResourceRef,
  options: ListOptions = {},
): Informer<T> {
  return new Informer<T>({ client, ref, options, clock: context.clock, log: context.log });
}

/** Tells of objects under the controller's name, which upstream gives it. Whoever asks for it stops it. */
export function recorderOf({ clock, log }: ControllerContext, client: Client, name: string): EventRecorder {
  return new EventRecorder({ client, clock, log, controller: name, instance: `${name}-${hostname()}` });
}

/** For errors that mean that somebody else did it, or that it need not be done any more. */
export function ignore(...reasons: string[]): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof StatusError) || !reasons.includes(error.reason)) throw error;
  };
}

/** The namespace goes away, so nothing can or need be made in it. */
export function isTerminating(error: unknown): boolean {
  if (!(error instanceof StatusError)) return false;
  const { reason, status } = error;
  return (
    reason === 'NotFound' ||
    (reason === 'Forbidden' &&
      (status.details?.causes ?? []).some((cause) => cause.reason === 'NamespaceTerminating'))
  );
}
