import { describe, expect, it } from 'vitest';
import { aggregatedRules, type PolicyRule } from './aggregate.ts';

const rule = (verb: string, resource: string): PolicyRule => ({
  verbs: [verb],
  apiGroups: [''],
  resources: [resource],
});

describe('aggregation', () => {
  it('gathers the rules of the selected roles by name, each once and never its own', () => {
    const labels = { to: 'a' };
    const make = (name: string, rules: PolicyRule[], more = {}) => ({
      apiVersion: '',
      kind: '',
      metadata: { name, labels },
      rules,
      ...more,
    });
    const target = make('m', [rule('old', 'x')], {
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: labels }] },
    });
    const rules = aggregatedRules(target, [
      make('z', [rule('get', 'pods'), rule('list', 'pods')]),
      target,
      make('a', [rule('get', 'pods')]),
      { ...make('n', [rule('no', 'x')]), metadata: { name: 'n' } },
    ]);
    expect(rules).toEqual([rule('get', 'pods'), rule('list', 'pods')]);
    expect(aggregatedRules(make('q', []), [])).toBeUndefined();
  });
});
