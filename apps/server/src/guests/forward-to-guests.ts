import { Forwarder, toldCertificate } from '../processes/forwarder.ts';

/** Whether a path is a guest cluster's. */
export const isForGuest = (url: string): boolean => url.startsWith('/clusters/');

/** Hands on what is for guest clusters. */
export const forwardToGuests = (socketPath: string, ready: () => Promise<void>): Forwarder =>
  new Forwarder({
    socketPath,
    ready,
    told: toldCertificate,
    unavailable: (message) => ({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason: 'ServiceUnavailable',
      code: 503,
    }),
  });
