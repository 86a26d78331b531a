/**
 * Tier 1: OCI images in files and in registries, and the way between them. Start with `copy/copy-image.ts`, then
 * `content/content.ts` (what it copies from and to).
 */

export type { Credentials } from './auth/credentials.ts';
export { type LoginPlaces, Logins } from './auth/logins.ts';
export type { BlobOutcome, ContentSource, ContentTarget } from './content/content.ts';
export type { Descriptor } from './content/descriptor.ts';
export { type ImageConfig, readImageConfig } from './content/image-config.ts';
export { type Manifest, needsOf } from './content/manifest.ts';
export { formatPlatform, imageFor, parsePlatform } from './content/platform.ts';
export { type Copied, type CopyWatcher, copyImage } from './copy/copy-image.ts';
export { OCI_ERRORS, OciError, RegistryAnswerError } from './errors.ts';
export { authoritiesFor } from './http/authorities.ts';
export { Transport } from './http/transport.ts';
export { ArchiveTarget } from './layout/archive-target.ts';
export { FolderTarget } from './layout/folder-target.ts';
export type { Layout } from './layout/layout.ts';
export { openArchive, openLayout } from './layout/open-layout.ts';
export { formatReference, parseReference, type Reference } from './names/reference.ts';
export { isLoopback, originOf, repositoryAt } from './registry/origin.ts';
export { Registry } from './registry/registry.ts';
export type { Repository } from './registry/repository.ts';
