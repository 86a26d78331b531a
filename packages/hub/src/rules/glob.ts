/** More than any rule needs; a glob with more matches nothing. */
const MAX_ALTERNATIVES = 100;
const MAX_LENGTH = 1024;

/** Globs that are kept ready: those of rules are few, and each is asked about very many names. */
const MOST_READY = 500;

/**
 * Whether all of `text` is as the glob says: `*` is any run without `/`, `**` any run (of whole segments or none when a
 * `/` follows), `?` one character but `/`, `{a,b}` one of those (without nesting). All else stands for itself. Takes
 * time in proportion to both lengths, whatever the glob: it comes from users. Globs that are too long or have too many
 * alternatives match nothing.
 */
export function matchesGlob(glob: string, text: string): boolean {
  if (glob === '**') return true;
  return ready(glob).some((matches) => matches(text));
}

type Matcher = (text: string) => boolean;

const kept = new Map<string, readonly Matcher[]>();

function ready(glob: string): readonly Matcher[] {
  const found = kept.get(glob);
  if (found) return found;
  if (kept.size >= MOST_READY) kept.clear();
  const made = glob.length > MAX_LENGTH ? [] : alternatives(glob).map(matcherOf);
  kept.set(glob, made);
  return made;
}

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

const WILD = /\*\*+|\*|\?|[^*?]/gu;

/** Places of a pattern that a machine word holds, one beyond the last included. */
const WORD = 31;

function matcherOf(glob: string): Matcher {
  if (!/[*?]/.test(glob)) return (text) => text === glob;
  const tokens = glob.match(WILD) ?? [];
  return tokens.length < WORD ? inWord(tokens) : inSet(tokens);
}

const isRun = (token: string): boolean => token.startsWith('*');
const goesOver = (token: string, character: string): boolean => token.startsWith('**') || character !== '/';

/**
 * All places of the pattern where the text so far may have led, at once, as bits: no going back. A run stays at its
 * place with each character that it goes over, and may be left for the next place at any time.
 */
function inWord(tokens: readonly string[]): Matcher {
  const bits = (is: (token: string) => boolean) =>
    tokens.reduce((word, token, place) => (is(token) ? word | (1 << place) : word), 0);
  const runs = bits(isRun);
  const wide = bits((token) => token.startsWith('**'));
  const ones = bits((token) => token === '?');
  const letters = new Map(
    tokens
      .filter((token) => !/[*?]/.test(token))
      .map((letter) => [letter, bits((token) => token === letter)]),
  );
  const leave = (places: number): number => {
    let all = places;
    for (let more = all; ; more = all) {
      all |= (all & runs) << 1;
      if (all === more) return all;
    }
  };
  const first = leave(1);
  const end = 1 << tokens.length;
  return (text) => {
    let places = first;
    for (const character of text) {
      const stay = places & (character === '/' ? wide : runs);
      const step = places & ((letters.get(character) ?? 0) | (character === '/' ? 0 : ones));
      places = leave(stay | (step << 1));
      if (places === 0) return false;
    }
    return (places & end) !== 0;
  };
}

/** As `inWord`, for longer patterns. */
function inSet(tokens: readonly string[]): Matcher {
  const leave = (places: Set<number>): Set<number> => {
    // a set goes on to what is added while it is walked
    for (const place of places) if (isRun(tokens[place] ?? '')) places.add(place + 1);
    return places;
  };
  return (text) => {
    let places = leave(new Set([0]));
    for (const character of text) {
      const next = new Set<number>();
      for (const place of places) {
        const token = tokens[place] ?? '';
        if (isRun(token)) {
          if (goesOver(token, character)) next.add(place);
        } else if (token === character || (token === '?' && character !== '/')) next.add(place + 1);
      }
      places = leave(next);
    }
    return places.has(tokens.length);
  };
}
