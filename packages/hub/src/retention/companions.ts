import type { Digest } from '@sampan/blobs';
import { digestIn } from '../names/digests.ts';

/**
 * The manifest that a tag belongs to by its name: `sha256-HEX` is where clients list referrers of registries without
 * that API (distribution specification, "Referrers Tag Schema"), `sha256-HEX.sig`, `.att` and `.sbom` are cosign's.
 */
export function subjectOfTag(tag: string): Digest | undefined {
  const found = /^(sha256|sha512)-([0-9a-f]+)(?:\.[a-z]+)?$/.exec(tag);
  return found ? digestIn(`${found[1]}:${found[2]}`) : undefined;
}

/** What such tags of a manifest begin with. */
export function companionPrefix(digest: Digest): string {
  return digest.replace(':', '-');
}
