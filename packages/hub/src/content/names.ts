/** Kubernetes' names hold no '/', repositories' hold no ':' and no '@'. */
export const repositoryObjectName = (repository: string): string => repository.replaceAll('/', ':');

export const tagObjectName = (repository: string, tag: string): string =>
  `${repositoryObjectName(repository)}:${tag}`;

export const manifestObjectName = (repository: string, digest: string): string =>
  `${repositoryObjectName(repository)}@${digest}`;

export const repositoryOfObject = (name: string): string => name.replaceAll(':', '/');

/** Undefined: it is no tag's. */
export function tagOfObject(name: string): { readonly repository: string; readonly tag: string } | undefined {
  const colon = name.lastIndexOf(':');
  if (colon < 1) return undefined;
  return { repository: repositoryOfObject(name.slice(0, colon)), tag: name.slice(colon + 1) };
}

/** Undefined: it is no manifest's. */
export function manifestOfObject(
  name: string,
): { readonly repository: string; readonly digest: string } | undefined {
  const at = name.indexOf('@');
  if (at < 1) return undefined;
  return { repository: repositoryOfObject(name.slice(0, at)), digest: name.slice(at + 1) };
}
