import { SharedValues } from '@sampan/base';
import type { Attributes } from '../contract.ts';
import { listOf, type PolicyRule } from './policy.ts';

/** A rule made ready for matching (kubernetes pkg/apis/rbac/v1/evaluation_helpers.go). */
interface CompiledRule {
  readonly allGroups: boolean;
  readonly groups: ReadonlySet<string>;
  readonly allResources: boolean;
  /** `pods`, `pods/log`, and `*` + `/scale` for a subresource of anything. */
  readonly resources: ReadonlySet<string>;
  /** Undefined: any name. */
  readonly names: ReadonlySet<string> | undefined;
  readonly urls: readonly string[];
}

/** Roles with the same rules, by their JSON: most roles are those that every cluster has. */
const known = new SharedValues<CompiledRole>();

/** A role's rules, found by verb: most requests look at a few of many. */
export class CompiledRole {
  readonly rules: readonly PolicyRule[];
  readonly #byVerb = new Map<string, CompiledRule[]>();
  readonly #anyVerb: CompiledRule[] = [];

  /** The one for these rules, which are frozen; shared by all clusters of the process. */
  static of(rules: readonly PolicyRule[]): CompiledRole {
    return known.get(JSON.stringify(rules), () => new CompiledRole(rules));
  }

  private constructor(rules: readonly PolicyRule[]) {
    this.rules = rules;
    const compiled = rules.map((rule) => ({ verbs: listOf(rule.verbs), rule: compile(rule) }));
    for (const { verbs, rule } of compiled) if (verbs.includes('*')) this.#anyVerb.push(rule);
    for (const verb of new Set(compiled.flatMap(({ verbs }) => verbs))) {
      if (verb === '*') continue;
      this.#byVerb.set(
        verb,
        compiled.filter(({ verbs }) => verbs.includes(verb) || verbs.includes('*')).map(({ rule }) => rule),
      );
    }
  }

  /** `combined` is `RESOURCE/SUBRESOURCE`, `wildcard` is `*` + `/SUBRESOURCE`, both '' where there is no subresource. */
  allows(attributes: Attributes, combined: string, wildcard: string): boolean {
    const rules = this.#byVerb.get(attributes.verb) ?? this.#anyVerb;
    for (const rule of rules) {
      if (
        attributes.isResource
          ? allowsResource(rule, attributes, combined, wildcard)
          : allowsPath(rule, attributes.path)
      ) {
        return true;
      }
    }
    return false;
  }
}

function compile(rule: PolicyRule): CompiledRule {
  const groups = listOf(rule.apiGroups);
  const resources = listOf(rule.resources);
  const names = listOf(rule.resourceNames);
  return {
    allGroups: groups.includes('*'),
    groups: new Set(groups),
    allResources: resources.includes('*'),
    resources: new Set(resources),
    names: names.length === 0 ? undefined : new Set(names),
    urls: listOf(rule.nonResourceURLs),
  };
}

function allowsResource(
  rule: CompiledRule,
  attributes: Attributes,
  combined: string,
  wildcard: string,
): boolean {
  return (
    (rule.allGroups || rule.groups.has(attributes.group)) &&
    (rule.allResources ||
      (wildcard === ''
        ? rule.resources.has(attributes.resource)
        : rule.resources.has(combined) || rule.resources.has(wildcard))) &&
    (rule.names === undefined || rule.names.has(attributes.name))
  );
}

function allowsPath(rule: CompiledRule, path: string): boolean {
  for (const url of rule.urls) {
    if (url === '*' || url === path) return true;
    if (url.endsWith('*') && path.startsWith(trimStars(url))) return true;
  }
  return false;
}

/** Without all stars at the end. */
export function trimStars(url: string): string {
  let end = url.length;
  while (end > 0 && url.charCodeAt(end - 1) === 42) end--;
  return url.slice(0, end);
}

/** Whether one of a list of rules allows a request: for fixed lists; roles are compiled once instead. */
export function compileRules(rules: readonly PolicyRule[]): (attributes: Attributes) => boolean {
  const role = CompiledRole.of(rules);
  return (attributes) => {
    const sub = attributes.subresource;
    return role.allows(
      attributes,
      sub === '' ? '' : `${attributes.resource}/${sub}`,
      sub === '' ? '' : `*/${sub}`,
    );
  };
}
