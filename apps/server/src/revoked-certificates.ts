import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type Logger, messageOf } from '@sampan/base';
import { type HomeLayout, readRevoked } from '@sampan/home';
import { Revocations } from '@sampan/machinery';

export interface RevokedCertificates {
  has(certificate: { readonly commonName: string; readonly issuedAt?: number }): boolean;
  close(): void;
}

/** Follows which certificates the home believes no more: the command line writes that into a file. */
export function followRevoked(home: HomeLayout, log: Logger): RevokedCertificates {
  let revocations = new Revocations(readRevoked(home));
  const read = (): void => {
    try {
      revocations = new Revocations(readRevoked(home));
    } catch (error) {
      // what was known before still holds
      log.error('the file of users cannot be read', { error: messageOf(error) });
    }
  };
  // the folder: files are replaced, not written to
  const watcher = watch(dirname(home.users), { persistent: false }, (_event, name) => {
    if (name === null || name === basename(home.users)) read();
  });
  watcher.on('error', (error) => log.error('the file of users cannot be followed', { error: error.message }));
  read();
  return { has: (certificate) => revocations.has(certificate), close: () => watcher.close() };
}
