import { schemaOf } from '../schema/schema-of.ts';
import { modelName } from '../schema/table.ts';
import { kindColumns } from './columns.ts';
import type { KindRules, ResourceDefinition } from './resource.ts';
import { type Row, rows } from './rows.ts';
import { extensionRules } from './rules-extensions.ts';
import { resourceRules } from './rules-resources.ts';
import { workloadRules } from './rules-workloads.ts';

/** The Go package of a group's types: the first label of its name; the core group's is `core`. */
export function goPackageOf(group: string): string {
  return group === '' ? 'core' : (group.split('.', 1)[0] ?? '');
}

/** Upstream's OpenAPI name of a built-in kind, e.g. `io.k8s.api.apps.v1.Deployment`. */
export function modelOf(gvk: { group: string; version: string; kind: string }): string {
  return modelName(`${goPackageOf(gvk.group)}.${gvk.version}.${gvk.kind}`);
}

const NO_RULES: KindRules = {};

/** A version with rules of its own (`policy/v1beta1/PodDisruptionBudget`) goes before those of the kind. */
function rulesOf(row: Row): KindRules {
  for (const rules of [workloadRules, resourceRules, extensionRules]) {
    const found = rules[`${row.group}/${row.version}/${row.kind}`] ?? rules[`${row.group}/${row.kind}`];
    if (found) return found;
  }
  return NO_RULES;
}

function define(row: Row): ResourceDefinition {
  const { namespaced = true, status, ...rest } = row;
  const { status: statusRules, ...own } = rulesOf(row);
  const columns = own.columns ?? kindColumns[`${row.group}/${row.kind}`];
  const rules: KindRules = columns ? { ...own, columns } : own;
  return {
    ...rest,
    namespaced,
    singular: row.kind.toLowerCase(),
    schema: schemaOf(modelOf(row)),
    // The table says whether there is a status subresource; its rules may be all default.
    rules: status ? { ...rules, status: statusRules ?? {} } : rules,
  };
}

const definitions = rows.map(define);

/** The stable kinds of Kubernetes 1.36, in discovery order. */
export const kinds: readonly ResourceDefinition[] = definitions.filter((definition) => !definition.legacy);

/** The removed betas that `--legacy-apis` serves as well. */
export const legacyKinds: readonly ResourceDefinition[] = definitions.filter(
  (definition) => definition.legacy,
);
