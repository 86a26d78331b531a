import type { ContentSource, ContentTarget } from '../content/content.ts';
import type { Descriptor } from '../content/descriptor.ts';
import { type Manifest, needsOf } from '../content/manifest.ts';

/** What a target lacks of an image. */
export interface Plan {
  /** Each before those that name it; the image itself is last. */
  readonly manifests: readonly Manifest[];
  /** Each once. */
  readonly blobs: readonly Descriptor[];
}

/** Nested deeper than this is an attack (image specification: an index may name indexes). */
const MAX_DEPTH = 8;

/** Looks at all that an image is made of. What the target has whole is left out, but the image itself never. */
export async function planCopy(source: ContentSource, target: ContentTarget, root: Manifest): Promise<Plan> {
  const manifests: Manifest[] = [];
  const blobs = new Map<string, Descriptor>();
  const seen = new Set<string>([root.descriptor.digest]);
  const visit = async (manifest: Manifest, depth: number): Promise<void> => {
    const needs = needsOf(manifest);
    for (const blob of needs.blobs) blobs.set(blob.digest, blob);
    for (const child of needs.manifests) {
      if (seen.has(child.digest) || depth >= MAX_DEPTH) continue;
      seen.add(child.digest);
      if (!(await target.hasManifest(child))) await visit(await source.manifest(child), depth + 1);
    }
    manifests.push(manifest);
  };
  const isThere = await target.hasManifest(root.descriptor);
  if (isThere) manifests.push(root);
  else await visit(root, 0);
  return { manifests, blobs: [...blobs.values()] };
}
