import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { messageOf, SampanError } from '@sampan/base';
import type { Command, OptionValues } from './command.ts';
import { families, MOST_WORDS, nextWords } from './command-words.ts';
import { COMMANDS, GLOBAL_OPTIONS } from './commands.ts';
import { suggest } from './suggest.ts';

export interface Parsed {
  /** Undefined: none was named. */
  readonly command: Command | undefined;
  /** Without a command: the family (`hub robot`) that was named instead, whose members are asked for; '' for none. */
  readonly family: string;
  readonly options: OptionValues;
  /** The global `--port`, which some commands use the name of for something else. */
  readonly port: string | undefined;
  readonly args: readonly string[];
}

/** Finds the command in the words and parses what follows it. Throws `usage`. */
export function parse(words: readonly string[]): Parsed {
  const leading = leadingOptions(words, GLOBAL_OPTIONS);
  const rest = words.slice(leading.length);
  const globals = parseOptions(leading, undefined);
  const leadingPort = portIn(globals.options);
  const family = wholeFamily(rest);
  if (family !== undefined)
    return { command: undefined, family, options: globals.options, port: leadingPort, args: [] };
  const command = findCommand(rest);
  const after = rest.slice(command.name.split(' ').length);
  if (command.passThrough) {
    const { home, port } = GLOBAL_OPTIONS;
    const own = leadingOptions(after, { home, port, ...command.options });
    const options = { ...globals.options, ...parseOptions(own, command).options };
    return { command, family: '', options, port: portIn(options), args: after.slice(own.length) };
  }
  const { options, args } = parseOptions(after, command);
  if (options.help !== true) checkArity(command, args);
  const hasOwnPort = command.options?.port !== undefined;
  const { port: _, ...others } = globals.options;
  return {
    command,
    family: '',
    options: { ...(hasOwnPort ? others : globals.options), ...options },
    port: hasOwnPort ? leadingPort : (portIn(options) ?? leadingPort),
    args,
  };
}

const portIn = ({ port }: OptionValues): string | undefined => (typeof port === 'string' ? port : undefined);

/** The options at the beginning that are known, with their values. */
function leadingOptions(words: readonly string[], specs: NonNullable<Command['options']>): string[] {
  const knowsAll = 'help' in specs;
  const found: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    const [name = '', value] = word.startsWith('--') ? word.slice(2).split('=', 2) : [];
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    const isHelp = word === '-h' && knowsAll;
    if (!spec && !isHelp) {
      if (word.startsWith('-') && word !== '-' && knowsAll) throw unknownOption(word, undefined);
      break;
    }
    found.push(word);
    if (spec?.type === 'string' && value === undefined) {
      const next = words[++index];
      if (next !== undefined) found.push(next);
    }
  }
  return found;
}

/** What the words name if they are no more than a family, or nothing, perhaps with a wish for help. */
function wholeFamily(words: readonly string[]): string | undefined {
  const [last = ''] = words.slice(-1);
  const name = (['--help', '-h'].includes(last) ? words.slice(0, -1) : words).join(' ');
  return name === '' || families().includes(name) ? name : undefined;
}

/** The one with the longest name that the words begin with. */
function findCommand(words: readonly string[]): Command {
  for (let count = Math.min(MOST_WORDS, words.length); count > 0; count--) {
    const name = words.slice(0, count).join(' ');
    const exact = COMMANDS.find((command) => command.name === name);
    if (exact) return exact;
  }
  for (let count = Math.min(MOST_WORDS, words.length); count > 0; count--) {
    const family = words.slice(0, count).join(' ');
    const known = nextWords(family);
    if (known.length > 0) throw unknownMember(family, known, words[count] ?? '');
  }
  const [first = ''] = words;
  const meant = suggest(first, nextWords(''));
  throw usage(
    `There is no command "${first}".`,
    meant ? `Did you mean: sampan ${meant}` : 'See: sampan help',
  );
}

function unknownMember(family: string, known: readonly string[], word: string): SampanError {
  const meant = word.startsWith('-') ? undefined : suggest(word, known);
  return usage(
    word.startsWith('-')
      ? `"${family}" needs one more word before ${word}.`
      : `There is no command "${family} ${word}".`,
    meant
      ? `Did you mean: sampan ${family} ${meant}`
      : `Known: ${known.map((next) => `${family} ${next}`).join(', ')}`,
  );
}

function parseOptions(
  words: readonly string[],
  command: Command | undefined,
): { options: OptionValues; args: string[] } {
  const specs = { ...GLOBAL_OPTIONS, ...command?.options };
  const config: ParseArgsOptionsConfig = {};
  for (const [name, { type, short, multiple }] of Object.entries<NonNullable<Command['options']>[string]>(
    specs,
  )) {
    config[name] = { type, ...(short ? { short } : {}), ...(multiple ? { multiple } : {}) };
  }
  try {
    const { values, positionals } = parseArgs({ args: [...words], options: config, allowPositionals: true });
    checkChoices(values, specs);
    return { options: values as OptionValues, args: positionals };
  } catch (error) {
    if (error instanceof SampanError) throw error;
    const unknown = /^Unknown option '(--?[^' ]+)/.exec(messageOf(error))?.[1];
    if (unknown) throw unknownOption(unknown, command);
    throw usage(
      messageOf(error)
        .replace(/\. To specify.*$/s, '.')
        .split('\n')[0] ?? '',
      helpOf(command),
    );
  }
}

function checkChoices(values: Record<string, unknown>, specs: NonNullable<Command['options']>): void {
  for (const [name, value] of Object.entries(values)) {
    const choices = specs[name]?.choices;
    if (choices && !choices.includes(String(value))) {
      throw usage(`--${name} cannot be ${JSON.stringify(value)}.`, `Known: ${choices.join(', ')}`);
    }
  }
}

function checkArity(
  { name, args: names, arity: [least, most] = [0, 0] }: Command,
  args: readonly string[],
): void {
  if (args.length < least) throw usage(`"${name}" needs ${names}.`, `See: sampan help ${name}`);
  if (args.length > most)
    throw usage(`"${name}" does not take ${JSON.stringify(args[most])}.`, `See: sampan help ${name}`);
}

function unknownOption(word: string, command: Command | undefined): SampanError {
  const names = Object.keys({ ...GLOBAL_OPTIONS, ...command?.options });
  const meant = suggest(word.replace(/^-+/, '').split('=')[0] ?? '', names);
  const where = command ? `"${command.name}" has no option ${word}.` : `There is no option ${word}.`;
  return usage(where, meant ? `Did you mean: --${meant}` : helpOf(command));
}

const helpOf = (command: Command | undefined): string =>
  `See: sampan help${command ? ` ${command.name}` : ''}`;

export function usage(message: string, hint: string): SampanError {
  return new SampanError('usage', message, { hint });
}
