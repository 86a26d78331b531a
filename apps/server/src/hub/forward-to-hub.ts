import { Forwarder, toldCertificate } from '../processes/forwarder.ts';

/** Whether a path is the registry's: the distribution API, or what it has beside that. */
export const isForHub = (url: string): boolean => /^\/(v2|hub)([/?]|$)/.test(url);

/** Hands on what is for the registry, and tells it who asks. */
export const forwardToHub = (socketPath: string, ready: () => Promise<unknown>): Forwarder =>
  new Forwarder({
    socketPath,
    ready,
    told: (request) => ({
      ...toldCertificate(request),
      'x-forwarded-for': request.socket.remoteAddress ?? '',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': undefined,
      forwarded: undefined,
    }),
    unavailable: (message) => ({ errors: [{ code: 'UNAVAILABLE', message }] }),
  });
