import { goQuote } from '@sampan/api';
import { trimStars } from './compiled-role.ts';
import { listOf, type PolicyRule } from './policy.ts';

/**
 * Which of the wanted rules, broken into their smallest parts, no owned rule covers (component-helpers
 * auth/rbac/validation/policy_comparator.go). Work grows with owned × wanted parts: `limit` bounds it; when a
 * caller's rules are larger, throws a RangeError.
 */
export function uncoveredRules(
  owned: readonly PolicyRule[],
  wanted: readonly PolicyRule[],
  limit = 20_000_000,
): PolicyRule[] {
  const covers = owned.map(createCoverCheck);
  let budget = limit;
  const missing: PolicyRule[] = [];
  for (const rule of wanted) {
    for (const part of breakDown(rule)) {
      budget -= covers.length + 1;
      if (budget < 0) throw new RangeError('too many rules to compare');
      if (!covers.some((check) => check(part))) missing.push(part);
    }
  }
  return missing;
}

/** Rules with one verb, one resource or path and at most one name each, that together are the rule. */
export function* breakDown(rule: PolicyRule): Generator<PolicyRule> {
  const names = listOf(rule.resourceNames);
  for (const group of listOf(rule.apiGroups)) {
    for (const resource of listOf(rule.resources)) {
      for (const verb of listOf(rule.verbs)) {
        const part = { verbs: [verb], apiGroups: [group], resources: [resource] };
        if (names.length === 0) yield part;
        else for (const name of names) yield { ...part, resourceNames: [name] };
      }
    }
  }
  for (const url of listOf(rule.nonResourceURLs)) {
    for (const verb of listOf(rule.verbs)) yield { verbs: [verb], nonResourceURLs: [url] };
  }
}

function createCoverCheck(owner: PolicyRule): (part: PolicyRule) => boolean {
  const verbs = new Set(listOf(owner.verbs));
  const groups = new Set(listOf(owner.apiGroups));
  const resources = new Set(listOf(owner.resources));
  const names = new Set(listOf(owner.resourceNames));
  const urls = new Set(listOf(owner.nonResourceURLs));
  const prefixes = listOf(owner.nonResourceURLs)
    .filter((url) => url.endsWith('*'))
    .map(trimStars);
  const coversResource = (resource: string): boolean => {
    if (resources.has('*') || resources.has(resource)) return true;
    const slash = resource.indexOf('/');
    return slash >= 0 && resources.has(`*${resource.slice(slash)}`);
  };
  return (part) => {
    if (!verbs.has('*') && !listOf(part.verbs).every((verb) => verbs.has(verb))) return false;
    if (!groups.has('*') && !listOf(part.apiGroups).every((group) => groups.has(group))) return false;
    if (!listOf(part.resources).every(coversResource)) return false;
    if (
      !listOf(part.nonResourceURLs).every(
        (url) => urls.has(url) || prefixes.some((prefix) => url.startsWith(prefix)),
      )
    )
      return false;
    if (names.size === 0) return true;
    const wanted = listOf(part.resourceNames);
    return wanted.length > 0 && wanted.every((name) => names.has(name));
  };
}

/** Joins parts that differ only in their verb (kubernetes pkg/registry/rbac/validation/policy_compact.go). */
export function compactRules(rules: readonly PolicyRule[]): PolicyRule[] {
  const complex: PolicyRule[] = [];
  const simple = new Map<string, { rule: PolicyRule; verbs: string[] }>();
  for (const rule of rules) {
    const names = listOf(rule.resourceNames);
    const isSimple =
      names.length <= 1 &&
      listOf(rule.nonResourceURLs).length === 0 &&
      listOf(rule.apiGroups).length === 1 &&
      listOf(rule.resources).length === 1;
    if (!isSimple) {
      complex.push(rule);
      continue;
    }
    const key = JSON.stringify([rule.apiGroups?.[0], rule.resources?.[0], ...names]);
    const existing = simple.get(key);
    if (existing) existing.verbs.push(...rule.verbs);
    else simple.set(key, { rule, verbs: [...rule.verbs] });
  }
  return [...complex, ...[...simple.values()].map(({ rule, verbs }) => ({ ...rule, verbs }))];
}

/** `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`. */
export function describeRule(rule: PolicyRule): string {
  const parts: [string, readonly string[] | undefined][] = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ];
  return `{${parts.flatMap(([name, list]) => (listOf(list).length > 0 ? [`${name}:${quoteList(listOf(list))}`] : [])).join(', ')}}`;
}

/** Go's %q of a list of strings. */
export const quoteList = (list: readonly string[]): string => `[${list.map(goQuote).join(' ')}]`;
