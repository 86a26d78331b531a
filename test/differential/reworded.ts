/**
 * Messages that Kubernetes words differently since 1.20. The oracle's text with these replacements made must
 * equal ours, so a reworded message is still compared to the letter.
 */
export interface Rewording {
  /** With the global flag. */
  readonly old: RegExp;
  /** Replacement, with `$1` and the like. */
  readonly now: string | ((text: string) => string);
  /** A sentence that is a line in docs/compatibility.md. */
  readonly reason: string;
}

const reason = 'Messages that Kubernetes has reworded since 1.20 have the words of 1.36.';

export const REWORDED: readonly Rewording[] = [
  {
    old: /Too long: must have at most (\d+) (?:bytes|characters)/g,
    now: 'Too long: may not be more than $1 bytes',
    reason,
  },
];
