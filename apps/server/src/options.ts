import { parseArgs } from 'node:util';
import { messageOf, SampanError } from '@sampan/base';
import { chooseHome, isPort } from '@sampan/home';

/** What the server process is told. Parsed once, frozen, passed down. */
export interface ServerOptions {
  /** Absolute. */
  readonly home: string;
  /** Told to use exactly this one; undefined: the remembered, the default or a free one. */
  readonly port: number | undefined;
  /** Address to listen on; default 127.0.0.1. */
  readonly listen: string;
  /** Starts the registry. */
  readonly hub: boolean;
  /** For plain HTTP on loopback: told to use exactly this one; undefined: the remembered, the default or a free one. */
  readonly hubPort: number | undefined;
  readonly legacyApis: boolean;
  /** Puts pods on nodes; false: a scheduler from elsewhere does. */
  readonly scheduler: boolean;
  /** Also log to standard error. */
  readonly foreground: boolean;
}

const OPTIONS = {
  home: { type: 'string' },
  port: { type: 'string' },
  listen: { type: 'string', default: '127.0.0.1' },
  'no-hub': { type: 'boolean', default: false },
  'hub-port': { type: 'string' },
  'legacy-apis': { type: 'boolean', default: false },
  'no-scheduler': { type: 'boolean', default: false },
  foreground: { type: 'boolean', default: false },
} as const;

/** Flags before environment before defaults. Throws `usage`. */
export function parseServerOptions(args: readonly string[], environment: NodeJS.ProcessEnv): ServerOptions {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (error) {
    throw new SampanError('usage', messageOf(error), {
      hint: `Known: --${Object.keys(OPTIONS).join(', --')}`,
    });
  }
  return Object.freeze({
    home: chooseHome(values.home, environment.SAMPAN_HOME),
    port: parsePort(values.port ?? environment.SAMPAN_PORT),
    listen: values.listen,
    hub: !values['no-hub'],
    hubPort: parsePort(values['hub-port']),
    legacyApis: values['legacy-apis'],
    scheduler: !values['no-scheduler'],
    foreground: values.foreground,
  });
}

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS, strict: true }).values;
}

/** 0 asks for any free port. */
function parsePort(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const port = Number(text);
  if (port === 0 || isPort(port)) return port;
  throw new SampanError('usage', `${JSON.stringify(text)} is not a port.`, {
    hint: 'Ports are numbers from 1 to 65535.',
  });
}
