import { COMMANDS } from './commands.ts';

/** Of the longest name of a command. */
export const MOST_WORDS = Math.max(...COMMANDS.map(({ name }) => name.split(' ').length));

/** The words that may follow those of a family (`hub robot`), each once; '' for those that commands begin with. */
export function nextWords(family: string): string[] {
  const prefix = family === '' ? '' : `${family} `;
  const names = COMMANDS.filter(({ name }) => name.startsWith(prefix)).map(({ name }) => name);
  return [...new Set(names.map((name) => name.slice(prefix.length).split(' ', 1)[0] ?? ''))];
}

/** All that commands begin with and that is none itself: `hub`, `hub robot`. */
export function families(): string[] {
  const beginnings = COMMANDS.flatMap(({ name }) => {
    const words = name.split(' ');
    return words.slice(0, -1).map((_, index) => words.slice(0, index + 1).join(' '));
  });
  return [...new Set(beginnings)];
}
