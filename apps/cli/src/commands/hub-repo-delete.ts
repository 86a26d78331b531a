import { parseReference, RegistryAnswerError, type Repository } from '@sampan/oci';
import { withHost } from '../clusters/change-cluster.ts';
import type { Invocation } from '../command.ts';
import { MANIFESTS, type ManifestObject, REPOSITORY, repositoryIn } from '../hub/content-kinds.ts';
import { getHubObject } from '../hub/hub-objects.ts';
import { withRegistries } from '../hub/registries.ts';
import { usage } from '../parse.ts';

/** Deletes all that is in a repository: then it is gone. Its bytes go with the next collection. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, options } = invocation;
  const name = repositoryIn(args[0] ?? '');
  const digests = await withHost(invocation, async (client) => {
    await getHubObject(client, REPOSITORY, name);
    const fieldSelector = `spec.repository=${name}`;
    const { items } = await client.list<ManifestObject>(MANIFESTS, { fieldSelector });
    return items.map(({ spec }) => spec.digest);
  });
  if (options.confirm !== name) {
    throw usage(
      `This deletes ${name} with ${digests.length} manifests.`,
      `Say yes by its name: sampan hub repo delete ${name} --confirm=${name}`,
    );
  }
  return await withRegistries(invocation, async (registries) => {
    const { repository } = await registries.repository(parseReference(name));
    await deleteAll(repository, digests);
    process.stdout.write(`repo/${name} deleted\n`);
    return 0;
  });
}

/** What an index names cannot be deleted before it: those come in a later round. */
async function deleteAll(repository: Repository, digests: readonly string[]): Promise<void> {
  let left = digests;
  while (left.length > 0) {
    const needed: string[] = [];
    let refusal: unknown;
    for (const digest of left) {
      try {
        await repository.delete(digest);
      } catch (error) {
        if (!(error instanceof RegistryAnswerError)) throw error;
        // gone with something else, or by somebody else
        if (error.status === 404) continue;
        if (error.status !== 405) throw error;
        refusal = error;
        needed.push(digest);
      }
    }
    if (needed.length === left.length) throw refusal;
    left = needed;
  }
}
