import { StatusError } from '../meta/status.ts';
import { difference, type FieldSet, isEmpty, pathsOf } from './field-set.ts';
import type { Managed } from './managed-fields.ts';

/** Fields of one manager that a configuration would change. */
export interface Conflict {
  /** Identity of the manager, by which conflicts are sorted. */
  readonly manager: string;
  readonly claim: Managed;
  readonly fields: FieldSet;
}

/** An apply that was not forced met fields of other managers. */
export class ConflictError extends Error {
  readonly conflicts: readonly Conflict[];

  constructor(conflicts: readonly Conflict[]) {
    super('apply conflicts with other managers');
    this.conflicts = conflicts.toSorted((a, b) => (a.manager < b.manager ? -1 : 1));
  }

  /** The conflicts outside of a set of fields; undefined when there are none. */
  without(allowed: FieldSet): ConflictError | undefined {
    const rest = this.conflicts
      .map((conflict) => ({ ...conflict, fields: difference(conflict.fields, allowed) }))
      .filter(({ fields }) => !isEmpty(fields));
    return rest.length === 0 ? undefined : new ConflictError(rest);
  }

  /** The 409 that clients see, one cause for each field. */
  toStatusError(): StatusError {
    const causes = this.conflicts.flatMap(({ claim, fields }) =>
      pathsOf(fields).map((field) => ({
        reason: 'FieldManagerConflict',
        message: `conflict with ${managerText(claim)}`,
        field,
      })),
    );
    return new StatusError('Conflict', this.#text(), { causes });
  }

  #text(): string {
    const groups = this.conflicts.map(({ claim, fields }) => ({
      name: managerText(claim),
      paths: pathsOf(fields),
    }));
    const total = groups.reduce((sum, { paths }) => sum + paths.length, 0);
    const [first] = groups;
    if (first !== undefined && total === 1) {
      return `Apply failed with 1 conflict: conflict with ${first.name}: ${first.paths[0]}`;
    }
    const lines = groups.flatMap(({ name, paths }) => [
      `conflicts with ${name}:`,
      ...paths.map((path) => `- ${path}`),
    ]);
    return `Apply failed with ${total} conflicts: ${lines.join('\n')}`;
  }
}

/** `"kubectl" using apps/v1`, `"kubelet" with subresource "status" using v1`. */
function managerText({ manager, operation, apiVersion, subresource }: Managed): string {
  let text = JSON.stringify(manager);
  if (subresource !== '') text += ` with subresource ${JSON.stringify(subresource)}`;
  return operation === 'Update' ? `${text} using ${apiVersion}` : text;
}
