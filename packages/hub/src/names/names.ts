import { RegistryError } from '../errors/registry-error.ts';

/** A path of names, each of runs of a-z and 0-9 joined by one `.`, `_`, `__` or dashes. */
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/** Many clients limit host and name together to 255 characters (distribution specification, "Pulling manifests"). */
const MAX_REPOSITORY_LENGTH = 255;

export function isRepositoryName(name: string): boolean {
  return name.length <= MAX_REPOSITORY_LENGTH && REPOSITORY.test(name);
}

/** @throws RegistryError NAME_INVALID */
export function checkRepositoryName(name: string): string {
  if (!isRepositoryName(name)) throw new RegistryError('NAME_INVALID', name.slice(0, MAX_REPOSITORY_LENGTH));
  return name;
}

/** @throws RegistryError TAG_INVALID */
export function checkTag(tag: string): string {
  if (!TAG.test(tag)) throw new RegistryError('TAG_INVALID', tag.slice(0, 128));
  return tag;
}
