import { checkEnum } from './checks.ts';
import type { Errors } from './types.ts';

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];

export function validatePullPolicy(policy: string | undefined, path: string, errors: Errors): void {
  checkEnum(errors, path, policy, PULL_POLICIES);
}

const DOMAIN = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const REPOSITORY = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const HOST = new RegExp(`^${DOMAIN}(?:\\.${DOMAIN})*(?::[0-9]+)?$`);
const IPV6_HOST = /^\[[a-fA-F0-9:]+\](?::[0-9]+)?$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;
const IDENTIFIER = /^[a-f0-9]{64}$/;
/** References are at most 255 characters of name, 128 of tag and a digest; longer text is no reference. */
const MAX_LENGTH = 1024;

/**
 * The pull policy when none is given: `Always` for the tag `latest` or for neither tag nor digest (parsers.ParseImageName
 * and distribution's reference grammar); `IfNotPresent` also for what is no image reference.
 */
export function defaultPullPolicy(image: string): 'Always' | 'IfNotPresent' {
  const tag = imageTag(image);
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

function imageTag(image: string): string | undefined {
  if (image.length > MAX_LENGTH || IDENTIFIER.test(image)) return undefined;
  const at = image.indexOf('@');
  const digest = at < 0 ? undefined : image.slice(at + 1);
  if (digest !== undefined && !DIGEST.test(digest)) return undefined;
  const rest = at < 0 ? image : image.slice(0, at);
  const colon = rest.lastIndexOf(':');
  const tagged = colon > rest.lastIndexOf('/');
  const tag = tagged ? rest.slice(colon + 1) : undefined;
  if (tag !== undefined && !TAG.test(tag)) return undefined;
  if (!isRepository(tagged ? rest.slice(0, colon) : rest)) return undefined;
  return tag ?? (digest === undefined ? 'latest' : undefined);
}

function isRepository(name: string): boolean {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  // The first part is a host when it looks like one; else it belongs to a path on docker.io.
  const isHost = /[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first;
  if (!isHost) return REPOSITORY.test(name);
  return (HOST.test(first) || IPV6_HOST.test(first)) && REPOSITORY.test(name.slice(slash + 1));
}
