import { parseReference } from '@sampan/oci';
import type { Invocation } from '../command.ts';
import { repositoryIn, TAG } from '../hub/content-kinds.ts';
import { listOf } from '../hub/hub-objects.ts';
import { findHubPlace, isOwnHost } from '../hub/hub-place.ts';
import { withRegistries } from '../hub/registries.ts';
import { printData, structuredFormat } from '../structured.ts';

/** Of this machine's registry with all that is known of them; of another one their names. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, home, options } = invocation;
  const [text] = args;
  const reference = text === undefined ? undefined : parseReference(text);
  if (!reference || reference.registry === undefined) return await listOf(TAG)(invocation);
  const repository = repositoryIn(text ?? '');
  const place = findHubPlace(home);
  if (place && isOwnHost(place, reference.registry))
    return await listOf(TAG)({ ...invocation, args: [repository] });
  const tags = await withRegistries(invocation, async (registries) =>
    (await registries.repository(reference)).repository.tags(),
  );
  const format = structuredFormat(options.output);
  if (format) await printData({ name: text, tags }, format);
  else process.stdout.write(tags.map((tag) => `${tag}\n`).join(''));
  return 0;
}
