import { type FieldError, forbidden } from '../../meta/field-error.ts';
import { MAX_COST } from '../cel/cost/cost-range.ts';

/** Estimated cost of one rule, and of all rules of a schema, that a definition may have. */
const RULE_LIMIT = 10_000_000;
const SCHEMA_LIMIT = 100_000_000;

/** Of so many rules the message tells that they cost most; none that costs less than a hundredth. */
const MAX_SHOWN = 4;

/**
 * Adds up what the rules of a schema are estimated to cost. Source: apiextensions-apiserver
 * pkg/apis/apiextensions/validation/cel_validation.go (TotalCost), validation.go (StaticEstimated…CostLimit).
 */
export class RuleBudget {
  #sum = 0;
  #mostExpensive: { readonly path: string; readonly cost: number }[] = [];

  add(path: string, cost: number): void {
    this.#sum = Math.min(MAX_COST, this.#sum + cost);
    if (cost < SCHEMA_LIMIT / 100) return;
    this.#mostExpensive = [...this.#mostExpensive, { path, cost }]
      .sort((a, b) => b.cost - a.cost)
      .slice(0, MAX_SHOWN);
  }

  /** Errors of the schema at `path` as a whole. */
  errors(path: string): FieldError[] {
    if (this.#sum <= SCHEMA_LIMIT) return [];
    const text = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema';
    const name = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
    return [
      ...this.#mostExpensive.map((expensive) => forbidden(expensive.path, text)),
      forbidden(path, costMessage(name, this.#sum, SCHEMA_LIMIT)),
    ];
  }
}

/** Errors of one expression; `name` says in the message what costs so much. */
export function ruleCostErrors(path: string, name: string, cost: number): FieldError[] {
  return cost > RULE_LIMIT ? [forbidden(path, costMessage(name, cost, RULE_LIMIT))] : [];
}

function costMessage(name: string, cost: number, limit: number): string {
  const times = cost / limit;
  const factor =
    times > 100 ? 'more than 100x' : times < 1.5 ? `${times.toFixed(6)}x` : `${times.toFixed(1)}x`;
  return `${name} exceeds budget by factor of ${factor} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}
