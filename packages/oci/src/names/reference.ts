import { OciError } from '../errors.ts';
import { isDigest } from './digest.ts';

/** Where an image is: `registry/repository:tag@digest`. */
export interface Reference {
  /** `HOST` or `HOST:PORT`; undefined: the name says none. */
  readonly registry: string | undefined;
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** A path of names, each of runs of a-z and 0-9 joined by one `.`, `_`, `__` or dashes (distribution specification). */
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const REGISTRY = /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:.]+\])(?::[0-9]{1,5})?$/;
const MAX_LENGTH = 255;

/**
 * Takes a name apart as Docker does: a first segment with a dot, a colon or `localhost` is a registry. Nothing is
 * added that the text does not say. Throws `oci-reference-invalid`.
 */
export function parseReference(text: string): Reference {
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const named = at < 0 ? text : text.slice(0, at);
  const slash = named.indexOf('/');
  const first = slash < 0 ? '' : named.slice(0, slash);
  const hasRegistry = /[.:]/.test(first) || first === 'localhost';
  const path = hasRegistry ? named.slice(slash + 1) : named;
  const colon = path.lastIndexOf(':');
  const repository = colon < 0 ? path : path.slice(0, colon);
  const tag = colon < 0 ? undefined : path.slice(colon + 1);
  if (hasRegistry && !REGISTRY.test(first)) throw invalid(text, `${JSON.stringify(first)} is no registry`);
  if (!isRepository(repository)) {
    const why = /[A-Z]/.test(repository)
      ? 'repositories are written in lower case'
      : `${JSON.stringify(repository)} is no repository`;
    throw invalid(text, why);
  }
  if (tag !== undefined && !isTag(tag)) throw invalid(text, `${JSON.stringify(tag)} is no tag`);
  if (digest !== undefined && !isDigest(digest)) throw invalid(text, 'what follows the @ is no digest');
  return { registry: hasRegistry ? first : undefined, repository, tag, digest };
}

export const isRepository = (text: string): boolean => text.length <= MAX_LENGTH && REPOSITORY.test(text);
export const isTag = (text: string): boolean => TAG.test(text);

/** As it is written. */
export function formatReference({ registry, repository, tag, digest }: Reference): string {
  const host = registry === undefined ? '' : `${registry}/`;
  return `${host}${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

function invalid(text: string, why: string): OciError {
  return new OciError(
    'oci-reference-invalid',
    `${JSON.stringify(text.slice(0, 300))} is no name of an image: ${why}.`,
    { hint: 'Names look so: [HOST[:PORT]/]PROJECT/NAME[:TAG][@DIGEST]' },
  );
}
