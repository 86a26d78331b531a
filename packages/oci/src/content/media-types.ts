/** Image specification, "Media Types", and those of Docker's registry (image manifest version 2, schema 2). */
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';
export const OCI_LAYER_GZIP = 'application/vnd.oci.image.layer.v1.tar+gzip';
const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

const INDEXES: ReadonlySet<string> = new Set([OCI_INDEX, DOCKER_LIST]);
/** What a registry is asked for. */
export const MANIFEST_TYPES: readonly string[] = [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST];

export const isIndex = (mediaType: string): boolean => INDEXES.has(mediaType);
export const isManifest = (mediaType: string): boolean => MANIFEST_TYPES.includes(mediaType);

/** Layers that live elsewhere by intent and are never pushed (image specification, "Non-Distributable Layers"). */
export const livesElsewhere = (mediaType: string): boolean =>
  /^application\/vnd\.(?:oci\.image\.layer\.nondistributable\.|docker\.image\.rootfs\.foreign\.)/.test(
    mediaType,
  );

/** The media type of a `Content-Type` header, without its parameters. */
export const mediaTypeOf = (contentType: string | undefined): string =>
  (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
