import { type k8s, matchesRequirement, type Requirement, type SelectorOperator } from '@sampan/api';

type Labels = Readonly<Record<string, string>>;

const OPERATORS = new Map<string, SelectorOperator>([
  ['In', 'in'],
  ['NotIn', 'notin'],
  ['Exists', 'exists'],
  ['DoesNotExist', '!'],
  ['Gt', 'gt'],
  ['Lt', 'lt'],
]);

/** A term of a node selector: all its requirements together. One that holds none matches no node. */
export class NodeTerm {
  readonly #labels: readonly Requirement[];
  readonly #fields: readonly Requirement[];
  readonly #nothing: boolean;

  constructor(term: k8s.NodeSelectorTerm) {
    this.#labels = (term.matchExpressions ?? []).flatMap(requirementOf);
    this.#fields = (term.matchFields ?? []).flatMap(requirementOf);
    const given = (term.matchExpressions?.length ?? 0) + (term.matchFields?.length ?? 0);
    // an operator that nobody knows matches nothing
    this.#nothing = given === 0 || given !== this.#labels.length + this.#fields.length;
  }

  matches(labels: Labels, name: string): boolean {
    if (this.#nothing) return false;
    for (const requirement of this.#labels) if (!matchesRequirement(requirement, labels)) return false;
    if (this.#fields.length === 0) return true;
    const fields = { 'metadata.name': name };
    return this.#fields.every((requirement) => matchesRequirement(requirement, fields));
  }

  /** The only nodes that can match, where the term names them. */
  get names(): readonly string[] | undefined {
    return this.#fields.find(({ key, operator }) => key === 'metadata.name' && operator === 'in')?.values;
  }
}

function requirementOf({ key, operator, values }: k8s.NodeSelectorRequirement): Requirement[] {
  const known = OPERATORS.get(operator);
  return known === undefined ? [] : [{ key, operator: known, values: values ?? [] }];
}

/** Terms of which one must match (v1.NodeSelector). */
export class NodeMatcher {
  readonly #terms: readonly NodeTerm[];

  constructor(selector: k8s.NodeSelector) {
    this.#terms = (selector.nodeSelectorTerms ?? []).map((term) => new NodeTerm(term));
  }

  matches(labels: Labels, name: string): boolean {
    return this.#terms.some((term) => term.matches(labels, name));
  }

  /** The only nodes that can match, where every term names some. */
  get names(): ReadonlySet<string> | undefined {
    const names = new Set<string>();
    for (const term of this.#terms) {
      if (term.names === undefined) return undefined;
      for (const name of term.names) names.add(name);
    }
    return names;
  }
}
