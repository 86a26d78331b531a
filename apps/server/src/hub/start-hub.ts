import { type Logger, messageOf, SampanError } from '@sampan/base';
import { HubProcess, type HubReady } from './hub-process.ts';

export interface StartHubOptions {
  /** Told by the user: this one or none. 0: any free one. */
  readonly wanted: number | undefined;
  /** Of the last start. */
  readonly remembered: number | undefined;
  readonly log: Logger;
  /** The registry listens on this port now: told at the first start, too. */
  readonly listens: (port: number) => void;
}

export interface StartedHub {
  readonly process: HubProcess;
  /** Undefined: it did not start, and is tried again. */
  readonly ready: HubReady | undefined;
  /** Why it did not start. */
  readonly failure: string | undefined;
}

/**
 * Starts the registry. Throws `port-in-use` and `port-refused`, for a port that the user named; with any other trouble of
 * the registry the API runs all the same.
 */
export async function startHub(options: StartHubOptions): Promise<StartedHub> {
  const process = new HubProcess(options);
  try {
    return { process, ready: await process.start(), failure: undefined };
  } catch (error) {
    const isPort = error instanceof SampanError && /^port-/.test(error.code);
    if (isPort) {
      await process.stop();
      throw error;
    }
    options.log.error('the registry does not start', { error: messageOf(error) });
    return { process, ready: undefined, failure: messageOf(error) };
  }
}
