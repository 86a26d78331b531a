import { parseReference, type Repository } from '@sampan/oci';
import type { Invocation } from '../command.ts';
import { copyShown, printCopied } from '../hub/copy-command.ts';
import { withRegistries } from '../hub/registries.ts';
import { usage } from '../parse.ts';

/** Copies from registry to registry, through this machine; within one registry nothing is moved. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, options } = invocation;
  const [from, to] = [parseReference(args[0] ?? ''), parseReference(args[1] ?? '')];
  if (to.digest !== undefined)
    throw usage('An image is copied to a tag.', 'For example: docker.io/library/nginx:1 web/nginx:1');
  if (options.all === true && (from.tag ?? from.digest ?? to.tag) !== undefined)
    throw usage('With --all no tag is named.', 'Leave out the tags, or --all.');
  return await withRegistries(invocation, async (registries) => {
    const { repository: source } = await registries.repository(from);
    const { repository: target, name } = await registries.repository(to);
    const pairs = await pairsOf(source, options.all === true, from, to.tag);
    for (const [reference, tag] of pairs) {
      const image = await source.resolve(reference);
      const copied = await copyShown(invocation, { source, target, image, tags: [tag] });
      if (options.referrers === true) await copyReferrers(invocation, source, target, copied.digest);
      await printCopied(invocation, 'copied', [{ ...copied, name: `${name}:${tag}` }]);
    }
    return 0;
  });
}

type Named = Pick<ReturnType<typeof parseReference>, 'tag' | 'digest'>;

/** What is copied, and the tags that it gets. */
async function pairsOf(
  source: Repository,
  all: boolean,
  { tag, digest }: Named,
  wanted: string | undefined,
): Promise<readonly (readonly [reference: string, tag: string])[]> {
  if (all) return (await source.tags()).map((name) => [name, name]);
  return [[digest ?? tag ?? 'latest', wanted ?? tag ?? 'latest']];
}

/** Signatures, for example: they name the image by its digest, which a copy keeps. */
async function copyReferrers(
  invocation: Invocation,
  source: Repository,
  target: Repository,
  digest: string,
): Promise<void> {
  for (const descriptor of await source.referrers(digest)) {
    const image = await source.manifest(descriptor);
    const { platform: _, ...options } = invocation.options;
    await copyShown({ ...invocation, options }, { source, target, image, tags: [] });
  }
}
