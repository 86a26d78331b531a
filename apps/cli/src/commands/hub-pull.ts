import { createWriteStream, rmSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { ArchiveTarget, type ContentTarget, FolderTarget, parseReference } from '@sampan/oci';
import type { Invocation } from '../command.ts';
import { copyShown, printCopied } from '../hub/copy-command.ts';
import { onInterrupt } from '../hub/on-interrupt.ts';
import { withRegistries } from '../hub/registries.ts';

/** Fetches an image into a folder (OCI image layout), or into an archive when the name ends with .tar or is `-`. */
export async function run(invocation: Invocation): Promise<number> {
  const [from = '', to = ''] = invocation.args;
  const reference = parseReference(from);
  const { tag = reference.digest === undefined ? 'latest' : undefined, digest } = reference;
  const tags = tag === undefined ? [] : [tag];
  return await withRegistries(invocation, async (registries) => {
    const { repository: source, name } = await registries.repository(reference);
    const image = await source.resolve(digest ?? tag ?? '');
    const copied = await into(to, name, (target) => copyShown(invocation, { source, target, image, tags }));
    const shown = `${name}${tag === undefined ? `@${digest}` : `:${tag}`}`;
    if (to !== '-') await printCopied(invocation, `pulled to ${to}`, [{ ...copied, name: shown }]);
    return 0;
  });
}

async function into<T>(to: string, name: string, copy: (target: ContentTarget) => Promise<T>): Promise<T> {
  if (to === '-') return await intoStream(process.stdout, name, copy);
  if (!to.endsWith('.tar')) return await copy(await FolderTarget.open(to, name));
  // half an archive must not look like a whole one
  const partial = `${to}.${process.pid}.partial`;
  const out = createWriteStream(partial, { flags: 'wx', flush: true });
  const settle = onInterrupt(() => rmSync(partial, { force: true }));
  try {
    const copied = await intoStream(out, name, copy);
    out.end();
    await finished(out);
    await rename(partial, to);
    return copied;
  } catch (error) {
    out.destroy();
    await rm(partial, { force: true });
    throw error;
  } finally {
    settle();
  }
}

async function intoStream<T>(
  out: NodeJS.WritableStream & ConstructorParameters<typeof ArchiveTarget>[0],
  name: string,
  copy: (target: ContentTarget) => Promise<T>,
): Promise<T> {
  const target = new ArchiveTarget(out, name);
  const copied = await copy(target);
  await target.finish();
  return copied;
}
