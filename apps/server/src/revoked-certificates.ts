import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type Logger, messageOf } from '@sampan/base';
import { type HomeLayout, readRevoked } from '@sampan/home';
import { parseCertificate, Revocations } from '@sampan/machinery';

export interface RevokedCertificates {
  has(certificate: { readonly commonName: string; readonly issuedAt?: number }): boolean;
  close(): void;
}

/**
 * Follows which certificates the home believes no more: the command line writes that into a file. `cut` ends what is
 * open by such certificates (DER); it is called whenever there are others.
 */
export function followRevoked(
  home: HomeLayout,
  log: Logger,
  cut: (isMeant: (certificate: Buffer) => boolean) => void,
): RevokedCertificates {
  let revocations = new Revocations(readRevoked(home));
  const read = (): void => {
    try {
      revocations = new Revocations(readRevoked(home));
    } catch (error) {
      // what was known before still holds
      log.error('the file of users cannot be read', { error: messageOf(error) });
      return;
    }
    cut(isRevoked);
  };
  const isRevoked = (der: Buffer): boolean => {
    try {
      const { subject, issuedAt } = parseCertificate(der);
      return revocations.has({ commonName: subject.commonName, issuedAt });
    } catch {
      // of no shape that is known here: nobody believes it
      return true;
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
