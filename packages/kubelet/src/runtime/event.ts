/**
 * Something happened to a container or a sandbox. Events are hints: they may come twice, late, or out of order between
 * containers; what is true is what the status calls say.
 */
export type RuntimeEvent =
  | {
      readonly kind: 'created' | 'started' | 'exited' | 'oom' | 'deleted';
      /** Of the container or the sandbox. */
      readonly id: string;
      /** Of `exited` and `oom`: whose it is, if the runtime still knows. */
      readonly podUid?: string;
    }
  /** Events may have been missed: read everything anew. Always the first one, and again after the runtime went away. */
  | { readonly kind: 'resync' };
