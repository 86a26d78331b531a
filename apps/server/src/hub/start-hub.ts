import { type Logger, messageOf, SampanError } from '@sampan/base';
import type { HubProcess, HubReady } from './hub-process.ts';

export interface StartedHub {
  /** Undefined: it did not start, and is tried again. */
  readonly ready: HubReady | undefined;
  /** Why it did not start. */
  readonly failure: string | undefined;
}

/**
 * Starts the registry. Throws `port-in-use` and `port-refused`, for a port that the user named; with any other trouble of
 * the registry the API runs all the same.
 */
export async function startHub(process: HubProcess, log: Logger): Promise<StartedHub> {
  try {
    return { ready: await process.start(), failure: undefined };
  } catch (error) {
    const isPort = error instanceof SampanError && /^port-/.test(error.code);
    if (isPort) {
      await process.stop();
      throw error;
    }
    log.error('the registry does not start', { error: messageOf(error) });
    return { ready: undefined, failure: messageOf(error) };
  }
}
