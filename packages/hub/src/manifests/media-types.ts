/** What a manifest of a media type lists: `image` has a config and layers, `index` further manifests. */
export type ManifestForm = 'image' | 'index';

/**
 * The manifests that the registry takes. Schema 1 of Docker is refused: its content cannot be checked, and clients
 * have not written it since 2017.
 */
export const MANIFEST_FORMS: ReadonlyMap<string, ManifestForm> = new Map([
  ['application/vnd.oci.image.manifest.v1+json', 'image'],
  ['application/vnd.oci.image.index.v1+json', 'index'],
  ['application/vnd.docker.distribution.manifest.v2+json', 'image'],
  ['application/vnd.docker.distribution.manifest.list.v2+json', 'index'],
]);

export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';

/** Layers that live elsewhere by intent and are never pushed (image specification, "Non-Distributable Layers"). */
const ELSEWHERE =
  /^application\/vnd\.(?:oci\.image\.layer\.nondistributable\.|docker\.image\.rootfs\.foreign\.)/;

export function livesElsewhere(mediaType: string): boolean {
  return ELSEWHERE.test(mediaType);
}

/** The media type of a `Content-Type` header, without its parameters. */
export function mediaTypeOf(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
