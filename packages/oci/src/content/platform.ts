import { OciError } from '../errors.ts';
import type { ContentSource } from './content.ts';
import type { Platform } from './descriptor.ts';
import { type Manifest, needsOf } from './manifest.ts';
import { isIndex } from './media-types.ts';

/** `linux/arm64` or `linux/arm/v7`. Throws `oci-platform-unknown`. */
export function parsePlatform(text: string): Platform {
  const [os = '', architecture = '', variant, ...more] = text.split('/');
  if (os === '' || architecture === '' || variant === '' || more.length > 0) {
    throw new OciError('oci-platform-unknown', `${JSON.stringify(text)} is no platform.`, {
      hint: 'Platforms look so: linux/amd64, linux/arm/v7',
    });
  }
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

/** The image for one platform out of an index; an image that is no index is what it is. Throws `oci-platform-unknown`. */
export async function imageFor(source: ContentSource, image: Manifest, wanted: Platform): Promise<Manifest> {
  if (!isIndex(image.descriptor.mediaType)) return image;
  const { manifests } = needsOf(image);
  const found = manifests.find(({ platform }) => platform && fits(platform, wanted));
  if (found) return await source.manifest(found);
  const known = manifests.flatMap(({ platform }) => (platform ? [formatPlatform(platform)] : []));
  throw new OciError('oci-platform-unknown', `The image is not there for ${formatPlatform(wanted)}.`, {
    hint: known.length > 0 ? `It is there for: ${known.join(', ')}` : 'It names no platforms.',
  });
}

const fits = (found: Platform, wanted: Platform): boolean =>
  found.os === wanted.os &&
  found.architecture === wanted.architecture &&
  (wanted.variant === undefined || found.variant === wanted.variant);

/** `linux/arm/v7` */
export const formatPlatform = ({ os, architecture, variant }: Platform): string =>
  [os, architecture, variant].filter((part) => part !== undefined).join('/');
