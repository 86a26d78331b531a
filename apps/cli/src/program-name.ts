import { COMMANDS } from './commands.ts';

const FIRST_WORDS = [...new Set(COMMANDS.map(({ name }) => name.split(' ')[0]))].join('|');
const MENTION = new RegExp(`\\bsampan(?= (?:--home \\S+ )?(?:${FIRST_WORDS})\\b)`, 'g');

/**
 * Names the program in a message as it was called (`./sampan`), so that what is printed can be typed. The launcher says
 * how that was.
 */
export function asCalled(text: string, environment: NodeJS.ProcessEnv): string {
  const called = environment.SAMPAN_CALLED_AS;
  return called ? text.replaceAll(MENTION, called) : text;
}
