import type { HubRequest } from '../api/message.ts';
import type { Account } from '../projects/account.ts';
import type { Directory } from '../projects/directory.ts';
import { parseBasic } from './basic.ts';

/**
 * Who makes a request, by Basic credentials or else by its client certificate; `anonymous`: it brings neither (or a
 * certificate that is none of ours, as browsers do), `refused`: the credentials are wrong.
 */
export async function authenticate(
  directory: Directory,
  { headers, origin }: HubRequest,
): Promise<Account | 'anonymous' | 'refused'> {
  const { authorization } = headers;
  if (authorization !== undefined) {
    const basic = parseBasic(authorization);
    return (basic && (await directory.authenticate(basic.name, basic.password, origin))) ?? 'refused';
  }
  const { certificate } = origin;
  return (certificate === undefined ? undefined : directory.ofCertificate(certificate)) ?? 'anonymous';
}
