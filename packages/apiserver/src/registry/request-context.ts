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
