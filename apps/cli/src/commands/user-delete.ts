import { SampanError } from '@sampan/base';
import { deleteUser, readUsers } from '@sampan/home';
import { guestOf } from '../check-cluster.ts';
import { revokeInCluster } from '../clusters/revoke-in-cluster.ts';
import type { Invocation } from '../command.ts';
import { untilNextSecond } from '../next-second.ts';
import { suggest } from '../suggest.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { home, args } = invocation;
  const [name = ''] = args;
  const guest = guestOf(invocation);
  if (guest !== undefined) {
    // a person there is nothing but certificates
    await revokeInCluster(invocation, guest, name);
    await untilNextSecond();
    process.stdout.write(`user/${name} deleted in ${guest}\n`);
    process.stderr.write(
      `All certificates of ${name} have ended there; rights that were given to the name remain.\n`,
    );
    return 0;
  }
  if (!deleteUser(home, name)) {
    const meant = suggest(
      name,
      readUsers(home).map((user) => user.name),
    );
    throw new SampanError('user-not-found', `There is no user ${JSON.stringify(name)}.`, {
      hint: meant
        ? `Did you mean: ${meant}`
        : `See: sampan user list. For certificates that "kubeconfig --user" made: sampan user revoke ${name}`,
    });
  }
  await untilNextSecond();
  process.stdout.write(`user/${name} deleted\n`);
  process.stderr.write(`The password and all certificates of ${name} have ended; rights that were given to the name remain.
See what ${name} may do: sampan kubectl auth can-i --list --as=${name}
`);
  return 0;
}
