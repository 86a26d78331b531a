import { CLUSTERS_ABOUT } from './clusters/cluster-commands.ts';
import { type Command, type OptionSpec, TOPICS } from './command.ts';
import { COMMANDS, GLOBAL_OPTIONS } from './commands.ts';
import { HUB_ABOUT, HUB_FAMILIES } from './hub/hub-commands.ts';
import { usage } from './parse.ts';
import { suggest } from './suggest.ts';

/** Prints help of the whole, of a family (`user`), or of one command. Throws `usage` for an unknown one. */
export function printHelp(words: readonly string[]): void {
  const name = words.join(' ');
  const found = COMMANDS.filter((command) => command.name === name || command.name.startsWith(`${name} `));
  const [only] = found;
  if (name === '') process.stdout.write(overview());
  else if (!only) throw unknown(name);
  else if (found.length === 1) process.stdout.write(helpOf(only));
  else
    process.stdout.write(
      `${aboutOf(name)}${table(name.includes(' ') ? found.map(row) : overviewRows(found))}\nMore: sampan help ${only.name}\n`,
    );
}

/** What a newcomer does not know of a family. */
const ABOUT: Readonly<Record<string, string>> = { cluster: CLUSTERS_ABOUT, hub: HUB_ABOUT };

function aboutOf(family: string): string {
  const about = Object.hasOwn(ABOUT, family) ? ABOUT[family] : undefined;
  return about === undefined ? '' : `${about}\n\n`;
}

function overview(): string {
  return `Sampan: a container cloud for people who are not Kubernetes experts.

Usage: sampan COMMAND [OPTIONS]

${TOPICS.map(section).join('')}Options of all commands:
${table(optionRows(GLOBAL_OPTIONS))}
Begin with: sampan up
More on a command: sampan help COMMAND
`;
}

/** All sections are as wide as the widest, so that the eye finds its way. */
function section(topic: (typeof TOPICS)[number]): string {
  const width = Math.max(...overviewRows(COMMANDS).map(([left]) => left.length));
  const rows = overviewRows(COMMANDS.filter((command) => (command.topic ?? 'Sampan') === topic));
  return `${topic}:\n${table(rows, width)}\n`;
}

/** Of a family whose names have three words one row stands for all. */
function overviewRows(commands: readonly Command[]): [string, string][] {
  const rows = commands.map((command): [string, string] => {
    const family = command.name.split(' ').slice(0, 2).join(' ');
    const about = Object.hasOwn(HUB_FAMILIES, family) ? HUB_FAMILIES[family] : undefined;
    return about === undefined ? row(command) : [`${family} …`, about];
  });
  return [...new Map(rows)];
}

function helpOf(command: Command): string {
  const own = command.options ? `\nOptions:\n${table(optionRows(command.options))}` : '';
  const details = command.details ? `\n${command.details}\n` : '';
  // behind "--" they would not be options
  const usageLine = ['sampan', command.name, command.passThrough ? undefined : '[OPTIONS]', command.args];
  return `${command.summary}.
${details}
Usage: ${usageLine.filter(Boolean).join(' ')}
${own}
Options of all commands:
${table(optionRows(globalsOf(command)))}`;
}

/** Without those whose names it uses itself. */
function globalsOf({ options = {} }: Command): Readonly<Record<string, OptionSpec>> {
  return Object.fromEntries(Object.entries(GLOBAL_OPTIONS).filter(([name]) => !(name in options)));
}

const row = ({ name, args, summary }: Command): [string, string] => [
  args ? `${name} ${args}` : name,
  summary,
];

function optionRows(options: Readonly<Record<string, OptionSpec>>): [string, string][] {
  return Object.entries(options)
    .filter(([, { hidden }]) => !hidden)
    .map(([name, { short, value, help }]) => [
      `${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`,
      help,
    ]);
}

function table(
  rows: readonly [string, string][],
  width = Math.max(...rows.map(([left]) => left.length)),
): string {
  return rows.map(([left, right]) => `  ${left.padEnd(width + 2)}${right}\n`).join('');
}

function unknown(name: string) {
  const meant = suggest(
    name,
    COMMANDS.map((command) => command.name),
  );
  return usage(
    `There is no command "${name}".`,
    meant ? `Did you mean: sampan help ${meant}` : 'See: sampan help',
  );
}
