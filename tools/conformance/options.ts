import { cpus } from 'node:os';
import { parseArgs } from 'node:util';

export interface Options {
  /** Only tests whose names match; undefined: all. */
  readonly focus: RegExp | undefined;
  /** How many tests run at once; default 3 for each processor. */
  readonly nodes: number;
  /** Minutes for everything; default 60. */
  readonly minutes: number;
  /** A running Sampan to test instead of one in a temporary home, with the images loaded or not. */
  readonly home: string | undefined;
  /** Tests that failed run once more, alone; default true. */
  readonly again: boolean;
  /** Only tests that did not pass when they ran last; default false. */
  readonly rest: boolean;
}

/** From the command line, else from the environment as `make conformance FOCUS=…` hands it on. */
export function parseOptions(args: readonly string[], environment: NodeJS.ProcessEnv): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      focus: { type: 'string', default: environment.FOCUS ?? '' },
      nodes: { type: 'string', default: environment.NODES || String(cpus().length * 3) },
      minutes: { type: 'string', default: environment.MINUTES || '60' },
      home: { type: 'string' },
      once: { type: 'boolean', default: false },
      rest: { type: 'boolean', default: false },
    },
  });
  return {
    focus: values.focus === '' ? undefined : new RegExp(values.focus),
    nodes: positive('nodes', values.nodes),
    minutes: positive('minutes', values.minutes),
    home: values.home,
    again: !values.once,
    rest: values.rest,
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} wants a number above 0, not ${JSON.stringify(text)}`);
  return value;
}
