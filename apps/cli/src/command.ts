import type { HomeLayout } from '@sampan/home';

export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  /** One letter. */
  readonly short?: string;
  readonly multiple?: boolean;
  /** How its value is called in help, for example `DIR`. */
  readonly value?: string;
  readonly help: string;
  /** Values that completion offers. */
  readonly choices?: readonly string[];
  /** Left out of help. */
  readonly hidden?: boolean;
}

export type OptionValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** What a command is called with. */
export interface Invocation {
  readonly home: HomeLayout;
  /** From the global `--port` or SAMPAN_PORT. */
  readonly port: number | undefined;
  readonly options: OptionValues;
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

/** Returns the exit code: 0 done, 1 failed, 2 wrongly used. Throws SampanErrors, which the caller prints. */
export type Run = (invocation: Invocation) => Promise<number>;

/** Headings of the overview, in its order. */
export const TOPICS = [
  'Sampan',
  'Applications',
  'Clusters',
  'Registry',
  'Kubernetes',
  'This machine',
  'People',
  'More',
] as const;
export type Topic = (typeof TOPICS)[number];

/** A row of the command table. The code behind it is loaded when it is called. */
export interface Command {
  /** Words, for example `user create`. */
  readonly name: string;
  /** Arguments in help, for example `NAME`. */
  readonly args?: string;
  /** How many arguments it takes; default none. */
  readonly arity?: readonly [least: number, most: number];
  readonly summary: string;
  /** More lines for its own help. */
  readonly details?: string;
  readonly options?: Readonly<Record<string, OptionSpec>>;
  /** The heading under which the overview shows it; default `Sampan`. */
  readonly topic?: Topic;
  /** Everything after its name belongs to another program. */
  readonly passThrough?: boolean;
  load(): Promise<{ readonly run: Run }>;
}
