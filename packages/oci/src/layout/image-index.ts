import type { Descriptor } from '../content/descriptor.ts';
import { OCI_INDEX } from '../content/media-types.ts';
import { CONTAINERD_NAME, REF_NAME } from './layout.ts';

/** What `oci-layout` says (image specification, "oci-layout file"). */
export const LAYOUT_VERSION = '{"imageLayoutVersion":"1.0.0"}';

/** An entry for each tag, or one without a name. `repository`: with it, containerd and Docker know the whole name. */
export function indexEntries(
  descriptor: Descriptor,
  tags: readonly string[],
  repository: string | undefined,
): Descriptor[] {
  const { annotations = {}, ...rest } = descriptor;
  if (tags.length === 0)
    return [{ ...rest, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) }];
  return tags.map((tag) => ({
    ...rest,
    annotations: {
      ...annotations,
      [REF_NAME]: tag,
      ...(repository === undefined ? {} : { [CONTAINERD_NAME]: `${repository}:${tag}` }),
    },
  }));
}

/** Entries with new ones; of those before, none keeps a name that a new one has, nor is there twice. */
export function withEntries(before: readonly Descriptor[], added: readonly Descriptor[]): Descriptor[] {
  const nameOf = ({ annotations = {} }: Descriptor) => annotations[CONTAINERD_NAME] ?? annotations[REF_NAME];
  const isReplaced = (old: Descriptor) =>
    added.some((entry) => {
      const name = nameOf(entry);
      return name === undefined
        ? entry.digest === old.digest && nameOf(old) === undefined
        : name === nameOf(old);
    });
  return [...before.filter((entry) => !isReplaced(entry)), ...added];
}

export const indexText = (manifests: readonly Descriptor[]): string =>
  JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
