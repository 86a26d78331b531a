import { notStarted, readAuthority, revokeUser } from '@sampan/home';
import { guestOf } from '../check-cluster.ts';
import { revokeInCluster } from '../clusters/revoke-in-cluster.ts';
import type { Invocation } from '../command.ts';
import { untilNextSecond } from '../next-second.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { home, args } = invocation;
  const [name = ''] = args;
  const guest = guestOf(invocation);
  if (guest !== undefined) await revokeInCluster(invocation, guest, name);
  else {
    if (!readAuthority(home)) throw notStarted(home);
    revokeUser(home, name);
  }
  await untilNextSecond();
  process.stdout.write(`user/${name} revoked${guest === undefined ? '' : ` in ${guest}`}\n`);
  process.stderr.write(`All certificates of ${name} have ended; new ones can be made.\n`);
  return 0;
}
