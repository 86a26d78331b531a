import { parseReference } from '@sampan/oci';
import { withHost } from '../clusters/change-cluster.ts';
import type { Invocation } from '../command.ts';
import { TAG } from '../hub/content-kinds.ts';
import { describeOf, getHubObject, rowsText } from '../hub/hub-objects.ts';
import { findHubPlace, isOwnHost } from '../hub/hub-place.ts';
import { imageRows } from '../hub/image-rows.ts';
import { withRegistries } from '../hub/registries.ts';
import { usage } from '../parse.ts';

/** What the registry knows of a tag, and what the image says; of another registry what the image says. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, home, options } = invocation;
  const [text = ''] = args;
  const reference = parseReference(text);
  const { registry, repository: name, tag = 'latest' } = reference;
  const place = findHubPlace(home);
  const isOwn = registry === undefined || (place !== undefined && isOwnHost(place, registry));
  const own = { ...invocation, args: [`${name}:${tag}`] };
  if (options.output !== undefined) {
    if (isOwn) return await describeOf(TAG)(own);
    throw usage('Only this registry’s own tags are objects.', 'Leave out --output.');
  }
  const known = isOwn
    ? await withHost(own, (client) => getHubObject(client, TAG, `${name}:${tag}`))
    : undefined;
  return await withRegistries(invocation, async (registries) => {
    const found = await registries.repository(reference);
    const manifest = await found.repository.resolve(reference.digest ?? tag);
    const { digest, mediaType } = manifest.descriptor;
    const rows = known
      ? TAG.rows.map(([head, cell]) => [head, cell(known)] as const)
      : ([
          ['Image', `${found.name}:${tag}`],
          ['Digest', digest],
          ['Media type', mediaType],
        ] as const);
    process.stdout.write(rowsText([...rows, ...(await imageRows(found.repository, manifest))]));
    return 0;
  });
}
