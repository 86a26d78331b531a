import { RegistryError } from '../errors/registry-error.ts';
import { MANIFEST_FORMS } from '../manifests/media-types.ts';
import type { Manifest } from '../manifests/read-manifest.ts';
import type { Project } from '../projects/directory.ts';
import { matchesGlob } from './glob.ts';

/**
 * Refuses artifacts of types that the project does not take: by their `artifactType`, else the media type of their
 * config. An index that has no type of its own is as good as what it lists, which was asked when it came.
 * @throws RegistryError DENIED
 */
export function requireAllowedType(
  project: Project | undefined,
  { mediaType, artifactType }: Manifest,
): void {
  const globs = project?.allowedArtifactTypes ?? [];
  if (!project || globs.length === 0) return;
  if (artifactType === undefined && MANIFEST_FORMS.get(mediaType) === 'index') return;
  const type = artifactType ?? mediaType;
  if (globs.some((glob) => matchesGlob(glob, type))) return;
  throw new RegistryError('DENIED', `project ${project.name} does not take artifacts of type ${type}`);
}
