import { parseReference } from '@sampan/oci';
import type { Invocation } from '../command.ts';
import { withRegistries } from '../hub/registries.ts';
import { usage } from '../parse.ts';

/** What a tag named stays under its digest, and under other tags. */
export async function run(invocation: Invocation): Promise<number> {
  const references = invocation.args.map(parseReference);
  for (const { repository, tag, digest } of references) {
    if (tag === undefined || digest !== undefined)
      throw usage('Which tag?', `Name it: sampan hub tag delete ${repository}:1`);
  }
  return await withRegistries(invocation, async (registries) => {
    for (const reference of references) {
      const { repository, name } = await registries.repository(reference);
      await repository.delete(reference.tag ?? '');
      process.stdout.write(`${name}:${reference.tag} deleted\n`);
    }
    return 0;
  });
}
