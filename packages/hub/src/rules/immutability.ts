import type { Digest } from '@sampan/blobs';
import { RegistryError } from '../errors/registry-error.ts';
import type { Reader } from '../metadata/repositories.ts';
import { findTag } from '../metadata/tags.ts';
import { type Project, pathInProject } from '../projects/directory.ts';
import { matchesGlob } from './glob.ts';

/** Whether the project says that the tag, once set, stays as it is. `repository`: with the project's segment. */
export function isImmutable(project: Project | undefined, repository: string, tag: string): boolean {
  const path = pathInProject(repository);
  return (project?.immutability ?? []).some(
    ({ repositories, tags }) => matchesGlob(repositories, path) && matchesGlob(tags, tag),
  );
}

interface Tagging {
  readonly repository: { readonly id: number; readonly name: string };
  readonly tag: string;
  readonly digest: Digest;
}

/**
 * Refuses to move an immutable tag to another manifest; the same one again changes nothing and is let through, so
 * that a build can be run twice.
 * @throws RegistryError DENIED
 */
export async function requireMovable(
  from: Reader,
  project: Project | undefined,
  { repository, tag, digest }: Tagging,
): Promise<void> {
  if (!isImmutable(project, repository.name, tag)) return;
  const found = await findTag(from, repository.id, tag);
  if (found === undefined || found === digest) return;
  throw new RegistryError('DENIED', `tag ${tag} of ${repository.name} is immutable and has ${found}`);
}

/** @throws RegistryError DENIED (405) */
export function requireRemovable(project: Project | undefined, repository: string, tag: string): void {
  if (!isImmutable(project, repository, tag)) return;
  throw new RegistryError('DENIED', `tag ${tag} of ${repository} is immutable`, { status: 405 });
}
