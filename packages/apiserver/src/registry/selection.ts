import type { KubeObject } from '@sampan/api';
import type { ServedResource } from './served-resource.ts';

/** What a list or watch is restricted to. */
export interface Selection {
  /** All objects match: no object needs to be parsed. */
  readonly everything: boolean;
  /** The only name that can match, from `metadata.name=`. */
  readonly name: string | undefined;
  /** What fields must be to match, by their paths: none of these is all that is asked for. */
  readonly equal: Readonly<Record<string, string>>;
  matches(object: KubeObject): boolean;
}

/** A parsed selector of either sort. */
export interface LabelTest {
  readonly empty: boolean;
  matches(labels: Readonly<Record<string, string>> | undefined): boolean;
}
export interface FieldTest {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

export const EVERYTHING: Selection = { everything: true, name: undefined, equal: {}, matches: () => true };

/** Joins both selectors. The fields have been checked to be selectable, see `list-options.ts`. */
export function selectionOf(
  resource: ServedResource,
  labels: LabelTest,
  fields: readonly FieldTest[],
): Selection {
  if (labels.empty && fields.length === 0) return EVERYTHING;
  const tests = fields.map((test) => ({ ...test, read: resource.fieldReader(test.field) }));
  return {
    everything: false,
    name: fields.find((test) => test.field === 'metadata.name' && test.operator === '=')?.value,
    equal: Object.fromEntries(
      fields.filter(({ operator }) => operator === '=').map(({ field, value }) => [field, value]),
    ),
    matches(object) {
      if (!labels.empty && !labels.matches(object.metadata.labels)) return false;
      return tests.every(
        ({ read, operator, value }) => ((read?.(object) ?? '') === value) === (operator === '='),
      );
    },
  };
}
