import type { UserInfo } from '../auth/contract.ts';

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** What every write knows of its request. */
export interface RequestContext {
  readonly user: UserInfo;
  /** All is done but the write itself (KEP-576). */
  readonly dryRun: boolean;
  /** The name in `managedFields`. */
  readonly fieldManager: string;
  /** What happens with unknown and duplicate fields (KEP-2885). */
  readonly fieldValidation: FieldValidation;
  /** Adds a `Warning` header (KEP-1693). */
  warn(text: string): void;
}

/** The options of a write as admission is told of them: an object of meta.k8s.io/v1. */
export function optionsFor(
  kind: 'CreateOptions' | 'UpdateOptions' | 'DeleteOptions',
  { dryRun, fieldManager }: RequestContext,
  own: object = {},
): object {
  return {
    kind,
    apiVersion: 'meta.k8s.io/v1',
    ...own,
    ...(dryRun ? { dryRun: ['All'] } : {}),
    ...(kind === 'DeleteOptions' ? {} : { fieldManager }),
  };
}

const NO_WARNINGS = () => {};

/** The context of the server's own controllers. */
export function internalContext(fieldManager: string, dryRun = false): RequestContext {
  return {
    user: { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] },
    dryRun,
    fieldManager,
    fieldValidation: 'Ignore',
    warn: NO_WARNINGS,
  };
}
