import { compileLabelSelector, type k8s, type LabelMatcher, NOTHING } from '@sampan/api';

type Labels = Readonly<Record<string, string>> | undefined;

/** Gives the labels of namespaces. */
export interface NamespaceLabels {
  labelsOf(namespace: string): Labels;
}

/** Which pods a term of pod affinity speaks of, and in which topology. */
export class PodTerm {
  readonly topologyKey: string;
  readonly selector: LabelMatcher;
  /** 0 for a required one. */
  readonly weight: number;
  readonly namespaces: ReadonlySet<string>;
  readonly #namespaceSelector: LabelMatcher;

  constructor(term: k8s.PodAffinityTerm, namespace: string, weight = 0) {
    this.topologyKey = term.topologyKey;
    this.weight = weight;
    this.selector = compile(term.labelSelector);
    this.#namespaceSelector = compile(term.namespaceSelector);
    const own = (term.namespaces?.length ?? 0) === 0 && !term.namespaceSelector;
    this.namespaces = new Set(own ? [namespace] : term.namespaces);
  }

  /** Only pods of the listed namespaces can match. */
  get isLocal(): boolean {
    return this.#namespaceSelector.nothing;
  }

  matches(pod: { readonly namespace: string; readonly labels: Labels }, names: NamespaceLabels): boolean {
    if (!this.selector.matches(pod.labels)) return false;
    if (this.namespaces.has(pod.namespace)) return true;
    return !this.#namespaceSelector.nothing && this.#namespaceSelector.matches(names.labelsOf(pod.namespace));
  }
}

/** A selector that the API server let through but that cannot be compiled selects nothing. */
export function compile(selector: k8s.LabelSelector | undefined): LabelMatcher {
  try {
    return compileLabelSelector(selector);
  } catch {
    return NOTHING;
  }
}

/** The terms of a pod, compiled once. */
export interface PodTerms {
  readonly requiredAffinity: readonly PodTerm[];
  readonly requiredAntiAffinity: readonly PodTerm[];
  readonly preferredAffinity: readonly PodTerm[];
  readonly preferredAntiAffinity: readonly PodTerm[];
  readonly all: readonly PodTerm[];
  /** There are any. */
  readonly any: boolean;
}

/** Pods with more are not placed; of those that are on nodes all the same, so many of each kind count. */
const MOST_TERMS = 1000;

const NONE: PodTerms = {
  requiredAffinity: [],
  requiredAntiAffinity: [],
  preferredAffinity: [],
  preferredAntiAffinity: [],
  all: [],
  any: false,
};

export function podTermsOf(spec: k8s.PodSpec, namespace: string): PodTerms {
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {};
  if (!podAffinity && !podAntiAffinity) return NONE;
  const required = (terms: k8s.PodAffinityTerm[] | undefined) =>
    (terms ?? []).slice(0, MOST_TERMS).map((term) => new PodTerm(term, namespace));
  const preferred = (terms: k8s.WeightedPodAffinityTerm[] | undefined) =>
    (terms ?? [])
      .slice(0, MOST_TERMS)
      .map(({ podAffinityTerm, weight }) => new PodTerm(podAffinityTerm, namespace, weight));
  const terms = {
    requiredAffinity: required(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    requiredAntiAffinity: required(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    preferredAffinity: preferred(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
    preferredAntiAffinity: preferred(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
  };
  const all = Object.values(terms).flat();
  return { ...terms, all, any: all.length > 0 };
}
