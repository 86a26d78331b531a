import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { answerCalls, type CallMessage, type CallPort, GUEST_CALLS } from '@sampan/clusters';
import { homeLayout, openLogFile } from '@sampan/home';
import { Guests } from './guests.ts';
import { parseGuestsOptions } from './options.ts';
import { serveGuests } from './serve-guests.ts';

/**
 * The guests process: a child of the server process, with its user and its folder, which is the home. It ends with its
 * parent: when the channel to it closes.
 */
export async function main(args: readonly string[]): Promise<void> {
  const { address, version } = parseGuestsOptions(args);
  const home = homeLayout('.');
  const log = openLogFile(home.guestsLog);
  const crash = (error: unknown) => {
    log.error('crashed', { error });
    process.exit(1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  const port = parentPort();
  const guests = new Guests({
    folder: home.clusters,
    version,
    servingCa: readFileSync(join(home.pki, 'ca.crt'), 'utf8'),
    externalAddress: address,
    log,
    changed: (...args) => port.send({ kind: 'event', args }),
  });
  const stopServing = await serveGuests(guests, home.guestsSocket, log);
  const stop = async (): Promise<void> => {
    await stopServing();
    await guests.close();
    log.close();
    process.exit(0);
  };
  // a terminal's signals reach the parent as well, which closes the channel when it is its turn
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => {});
  process.once('disconnect', () => void stop());
  answerCalls(port, guests, GUEST_CALLS);
  process.send?.({ kind: 'ready' });
}

function parentPort(): CallPort {
  return {
    send: (message) => void process.send?.(message),
    listen: (take) => process.on('message', (message) => take(message as CallMessage)),
  };
}
