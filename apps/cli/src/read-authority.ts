import { readFileSync } from 'node:fs';
import { messageOf, SampanError } from '@sampan/base';

/** What `--ca FILE` names: a certificate in PEM. Throws `file-not-found`. */
export function readAuthority(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new SampanError('file-not-found', `${file} cannot be read: ${messageOf(error)}.`, {
      hint: 'Give a file with the certificate of the authority in PEM: --ca FILE',
      cause: error,
    });
  }
}
