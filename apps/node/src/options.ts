import { parseArgs } from 'node:util';
import { messageOf, SampanError } from '@sampan/base';
import { chooseHome } from '@sampan/home';

/** What the node process is told. Parsed once, frozen, passed down. */
export interface NodeOptions {
  /** Absolute. */
  readonly home: string;
  /** Do not run, but end all pods, containerd and the network of this home. */
  readonly end: boolean;
  /** With `end`: without the grace that containers have to end by themselves. */
  readonly now: boolean;
  /** Also log to standard error. */
  readonly foreground: boolean;
}

const OPTIONS = {
  home: { type: 'string' },
  end: { type: 'boolean', default: false },
  now: { type: 'boolean', default: false },
  foreground: { type: 'boolean', default: false },
} as const;

/** Flags before environment before defaults. Throws `usage`. */
export function parseNodeOptions(args: readonly string[], environment: NodeJS.ProcessEnv): NodeOptions {
  try {
    const { values } = parseArgs({ args: [...args], options: OPTIONS, strict: true });
    return Object.freeze({
      home: chooseHome(values.home, environment.SAMPAN_HOME),
      end: values.end,
      now: values.now,
      foreground: values.foreground,
    });
  } catch (error) {
    throw new SampanError('usage', messageOf(error), {
      hint: `Known: --${Object.keys(OPTIONS).join(', --')}`,
    });
  }
}
