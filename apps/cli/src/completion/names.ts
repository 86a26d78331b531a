import { COMMANDS } from '../commands.ts';

/** Names that commands take, and how they are found out. */
export interface Names {
  /** The command that prints them, with `-o name`. */
  readonly list: string;
  /** Commands whose arguments they are, and whose `--confirm` wants one again. */
  readonly commands: readonly string[];
}

/** Commands that take an argument, but for some. */
const membersOf = (family: string, except: readonly string[]): string[] =>
  COMMANDS.filter(({ name, args }) => name.startsWith(`${family} `) && args && !except.includes(name)).map(
    ({ name }) => name,
  );

const CLUSTERS: Names = { list: 'cluster list', commands: membersOf('cluster', ['cluster create']) };

/** Tags are left out: shells take the colon in them for the end of a word. */
export const NAMES: readonly Names[] = [
  CLUSTERS,
  {
    list: 'hub project list',
    commands: [
      ...membersOf('hub project', ['hub project create']),
      'hub retention',
      'hub usage',
      'hub repo list',
      'hub robot list',
      'hub webhook list',
    ],
  },
  {
    list: 'hub repo list',
    commands: [...membersOf('hub repo', ['hub repo list']), 'hub tag list', 'hub pull', 'hub copy'],
  },
  { list: 'hub robot list', commands: membersOf('hub robot', ['hub robot create', 'hub robot list']) },
  {
    list: 'hub webhook list',
    commands: membersOf('hub webhook', ['hub webhook create', 'hub webhook list']),
  },
];

/** Options whose values are names, whatever the command. */
export const NAME_OPTIONS: Readonly<Record<string, Names>> = { cluster: CLUSTERS, clone: CLUSTERS };

/** Prints them; nothing when Sampan does not run. `program`: as the shell names it. */
export const listing = (program: string, { list }: Names): string =>
  `${program} ${list} -o name 2>/dev/null | sed 's,^cluster/,,'`;
