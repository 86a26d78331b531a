/** More than any rule needs; a glob with more matches nothing. */
const MAX_ALTERNATIVES = 100;
const MAX_LENGTH = 1024;

/**
 * Whether all of `text` is as the glob says: `*` is any run without `/`, `**` any run (of whole segments or none when a
 * `/` follows), `?` one character but `/`, `{a,b}` one of those (without nesting). All else stands for itself. Takes
 * time in proportion to both lengths, whatever the glob: it comes from users. Globs that are too long or have too many
 * alternatives match nothing.
 */
export function matchesGlob(glob: string, text: string): boolean {
  if (glob.length > MAX_LENGTH) return false;
  return alternatives(glob).some((each) => matches(tokens(each), text));
}

type Token = { readonly kind: 'run' | 'segment' | 'one' } | { readonly kind: 'text'; readonly text: string };

/** What offers a choice: braces, or segments that need not be there. */
const CHOICE = /(\{[^{}]*\}|(?<=^|\/)\*\*\/)/;

function alternatives(glob: string): string[] {
  let all = [''];
  // even places are plain, odd ones a choice
  for (const [place, part] of glob.split(CHOICE).entries()) {
    const choices = place % 2 === 0 ? [part] : part === '**/' ? ['', part] : part.slice(1, -1).split(',');
    all = all.flatMap((start) => choices.map((choice) => start + choice));
    if (all.length > MAX_ALTERNATIVES) return [];
  }
  return all;
}

function tokens(glob: string): Token[] {
  return Array.from(glob.matchAll(/\*\*+|\*|\?|[^*?]/gu), ([part]): Token => {
    if (part === '*') return { kind: 'segment' };
    if (part === '?') return { kind: 'one' };
    return part.startsWith('**') ? { kind: 'run' } : { kind: 'text', text: part };
  });
}

/** All places of the pattern where the text so far may have led, at once: no going back. */
function matches(pattern: readonly Token[], text: string): boolean {
  let places = skipRuns(pattern, new Set([0]));
  for (const character of text) {
    const next = new Set<number>();
    for (const place of places) {
      const token = pattern[place];
      if (!token) continue;
      if (token.kind === 'text' ? token.text === character : token.kind === 'run' || character !== '/') {
        next.add(token.kind === 'run' || token.kind === 'segment' ? place : place + 1);
      }
    }
    places = skipRuns(pattern, next);
  }
  return places.has(pattern.length);
}

/** A run may be empty: what follows it may begin here. */
function skipRuns(pattern: readonly Token[], places: Set<number>): Set<number> {
  // a set goes on to what is added while it is walked
  for (const place of places) {
    const kind = pattern[place]?.kind;
    if (kind === 'run' || kind === 'segment') places.add(place + 1);
  }
  return places;
}
