import { SampanError } from '@sampan/base';
import { deleteUser, readUsers } from '@sampan/home';
import type { Invocation } from '../command.ts';
import { suggest } from '../suggest.ts';

export async function run({ home, args }: Invocation): Promise<number> {
  const [name = ''] = args;
  const deleted = deleteUser(home, name);
  if (!deleted) {
    const meant = suggest(
      name,
      readUsers(home).map((user) => user.name),
    );
    throw new SampanError('user-not-found', `There is no user ${JSON.stringify(name)}.`, {
      hint: meant ? `Did you mean: ${meant}` : 'See: sampan user list',
    });
  }
  process.stdout.write(`user/${name} deleted\n`);
  process.stderr.write(
    `The certificate of ${name} stays valid until ${deleted.certificateExpires.slice(0, 10)}: take the rights away too.
See what ${name} may do: sampan kubectl auth can-i --list --as=${name}
`,
  );
  return 0;
}
