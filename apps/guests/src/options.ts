import { parseArgs } from 'node:util';
import { messageOf, SampanError } from '@sampan/base';

/** What the guests process is told by the server process, whose folder and user it has. */
export interface GuestsProcessOptions {
  /** `HOST:PORT` of the server. */
  readonly address: string;
  /** Absolute, as the node process names the home; undefined: there is none, and nothing runs pods. */
  readonly nodeHome: string | undefined;
  /** The machine has a registry, from which pods fetch images. */
  readonly hub: boolean;
  /** The version that is served, as JSON. */
  readonly version: Readonly<Record<string, string>> & {
    readonly major: string;
    readonly minor: string;
    readonly gitVersion: string;
  };
}

/** Throws `usage`. */
export function parseGuestsOptions(args: readonly string[]): GuestsProcessOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        address: { type: 'string' },
        version: { type: 'string' },
        'node-home': { type: 'string' },
        hub: { type: 'boolean', default: false },
      },
      strict: true,
    });
    return {
      address: values.address ?? '',
      nodeHome: values['node-home'],
      hub: values.hub,
      version: JSON.parse(values.version ?? '') as GuestsProcessOptions['version'],
    };
  } catch (error) {
    throw new SampanError('usage', messageOf(error), { hint: 'This program is started by the server.' });
  }
}
