import type { Command, OptionSpec } from '../../command.ts';

export const text = (value: string, help: string): OptionSpec => ({ type: 'string', value, help });
export const flag = (help: string): OptionSpec => ({ type: 'boolean', help });
export const many = (value: string, help: string): OptionSpec => ({ ...text(value, help), multiple: true });

export const output = (...choices: string[]): OptionSpec => ({
  type: 'string',
  short: 'o',
  value: choices.join('|'),
  choices,
  help: 'Output format',
});

export const UNLIMITED = Number.POSITIVE_INFINITY;

/** Of commands that look at other registries, too. */
export const INSECURE = {
  'insecure-http': flag('Speak to other registries without encryption'),
} as const satisfies Record<string, OptionSpec>;

/** Of commands that change objects. */
export const CHANGE = {
  wait: text('SECONDS', 'Longest wait until the registry has seen it (default 60; 0: none)'),
  output: output('json', 'yaml', 'name'),
} as const satisfies Record<string, OptionSpec>;

export const DRY_RUN = { 'dry-run': flag('Change nothing; show what would be') } as const satisfies Record<
  string,
  OptionSpec
>;

export const LIST = { output: output('wide', 'json', 'yaml', 'name') } as const;
export const SHOW = { output: output('json', 'yaml', 'name') } as const;

export const hub = (
  word: string,
  args: string,
  arity: Command['arity'] & object,
  summary: string,
  load: Command['load'],
) => ({
  name: `hub ${word}`,
  topic: 'Registry' as const,
  args,
  arity,
  summary,
  load,
});

export const lists = (word: string, args: string, summary: string, load: Command['load']): Command => ({
  ...hub(`${word} list`, args, [0, 1], summary, load),
  options: LIST,
});
export const describes = (word: string, args: string, summary: string, load: Command['load']): Command => ({
  ...hub(`${word} describe`, args, [1, 1], summary, load),
  options: SHOW,
});
