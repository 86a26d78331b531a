import { parseArgs } from 'node:util';
import { messageOf, SampanError } from '@sampan/base';

/** What the hub process is told by the server process, whose folder and user it has. */
export interface HubProcessOptions {
  /** For plain HTTP on loopback; 0: a free one. */
  readonly port: number;
  /** This port or none; false: a free one in the place of one that is taken. */
  readonly exactly: boolean;
}

/** Throws `usage`. */
export function parseHubOptions(args: readonly string[]): HubProcessOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { port: { type: 'string', default: '0' }, exactly: { type: 'boolean', default: false } },
      strict: true,
    });
    return { port: Number(values.port), exactly: values.exactly };
  } catch (error) {
    throw new SampanError('usage', messageOf(error), { hint: 'This program is started by the server.' });
  }
}
