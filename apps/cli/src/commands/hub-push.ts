import { openLayout, parseReference } from '@sampan/oci';
import type { Invocation } from '../command.ts';
import { copyShown, printCopied } from '../hub/copy-command.ts';
import { withRegistries } from '../hub/registries.ts';
import { spooled } from '../hub/spooled.ts';
import { usage } from '../parse.ts';
import { listOf } from '../values.ts';

/** Pushes an image of a layout, or of an archive as docker, podman, skopeo and buildah write them. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, options } = invocation;
  const [from = '', to = ''] = args;
  const reference = parseReference(to);
  if (reference.digest !== undefined)
    throw usage('An image is pushed under a tag.', 'For example: sampan hub push app.tar shop/app:1');
  const tags = [...new Set([reference.tag ?? 'latest', ...listOf(options.tag)])];
  const file = await spooled(from);
  try {
    const layout = await openLayout(file.path);
    try {
      const image = await layout.resolve(typeof options.image === 'string' ? options.image : '');
      return await withRegistries(invocation, async (registries) => {
        const { repository, name } = await registries.repository(reference);
        const copied = await copyShown(invocation, { source: layout, target: repository, image, tags });
        await printCopied(
          invocation,
          'pushed',
          tags.map((tag) => ({ ...copied, name: `${name}:${tag}` })),
        );
        return 0;
      });
    } finally {
      await layout.close();
    }
  } finally {
    await file.drop();
  }
}
