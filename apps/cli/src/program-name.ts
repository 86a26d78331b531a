import { COMMANDS } from './commands.ts';

const FIRST_WORDS = [...new Set(COMMANDS.map(({ name }) => name.split(' ')[0]))].join('|');
const MENTION = new RegExp(`\\bsampan(?= (?:--home \\S+ )?(?:${FIRST_WORDS})\\b)`, 'g');

const IN_CLUSTERS = /\bsampan ((?:--home \S+ )?)(run|ps|open|logs|exec|scale|rm|apply|kubectl)\b/g;

/** What is said of applications in a cluster that is not the host's has to name it. */
export function saidInCluster(text: string, cluster: string | undefined): string {
  return cluster === undefined ? text : text.replaceAll(IN_CLUSTERS, `sampan $1$2 --cluster ${cluster}`);
}

/**
 * Names the program in a message as it was called (`./sampan`), so that what is printed can be typed. The launcher says
 * how that was.
 */
export function asCalled(text: string, environment: NodeJS.ProcessEnv): string {
  const called = environment.SAMPAN_CALLED_AS;
  return called ? text.replaceAll(MENTION, called) : text;
}
