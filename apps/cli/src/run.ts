import { messageOf, SampanError } from '@sampan/base';
import { chooseHome, homeLayout, isPort } from '@sampan/home';
import type { Invocation } from './command.ts';
import { type Parsed, parse, usage } from './parse.ts';
import { asCalled } from './program-name.ts';

/** Runs one command line; returns its exit code: 0 done, 1 failed, 2 wrongly used. */
export async function run(words: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  try {
    // as most programs have it
    if (words[0] === '--version') return await run(['version', ...words.slice(1)], environment);
    const { command, family, options, port, args } = parse(words);
    if (!command || options.help === true) {
      const { printHelp } = await import('./help.ts');
      printHelp((command?.name ?? family).split(' '));
      return 0;
    }
    const { run: runCommand } = await command.load();
    return await runCommand(newInvocation({ options, port, args }, environment));
  } catch (error) {
    return report(error, environment);
  }
}

function newInvocation(
  { options, port, args }: Omit<Parsed, 'command' | 'family'>,
  environment: NodeJS.ProcessEnv,
): Invocation {
  const home = homeLayout(chooseHome(text(options.home), environment.SAMPAN_HOME));
  return { home, port: portOf(port ?? environment.SAMPAN_PORT), options, args, environment };
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function portOf(value: string | undefined): number | undefined {
  if (value === undefined || value === '') return undefined;
  const port = Number(value);
  if (isPort(port)) return port;
  throw usage(`${JSON.stringify(value)} is not a port.`, 'Ports are numbers from 1 to 65535.');
}

/** What happened and why, then what to do: the important line last. */
function report(error: unknown, environment: NodeJS.ProcessEnv): number {
  if (error instanceof SampanError) {
    process.stderr.write(
      `Error: ${error.message}\n${error.hint ? `${asCalled(error.hint, environment)}\n` : ''}`,
    );
    return error.code === 'usage' ? 2 : 1;
  }
  if (isRefusal(error)) {
    process.stderr.write(`Error: ${error.message}\n`);
    return 1;
  }
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') {
    process.stderr.write(
      `Error: ${path ?? 'A file of the home'} may not be used by this user.\nRun the command as the user who started Sampan (for root: sudo), or name your own home with --home.\n`,
    );
    return 1;
  }
  const detail = environment.SAMPAN_DEBUG && error instanceof Error ? error.stack : messageOf(error);
  process.stderr.write(`Error: ${detail}\nThis should not happen. SAMPAN_DEBUG=1 shows where it did.\n`);
  return 1;
}

/** What the API answered: its words are for people. By name, since most commands never load that class. */
const isRefusal = (error: unknown): error is Error => error instanceof Error && error.name === 'StatusError';
