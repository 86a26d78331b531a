import type { HomeLayout } from '@sampan/home';
import type { Invocation } from '../command.ts';
import { programFile, startInBackground } from './background.ts';

export interface StartOptions {
  readonly home: HomeLayout;
  readonly port: number | undefined;
  readonly listen: string | undefined;
  /** Starts the registry, too. */
  readonly hub: boolean;
  /** As the user wrote it. */
  readonly hubPort: string | undefined;
  readonly legacyApis: boolean;
}

export interface Started {
  readonly port: number;
  /** The port that was to be used but was taken. */
  readonly portTaken?: number;
  /** The registry; absent: it was not wanted. `failure`: why it did not start. */
  readonly hub?: { readonly port?: number; readonly portTaken?: number; readonly failure?: string };
}

export const serverProgram = (): string => programFile('server.mjs', 'server/src/main.ts');

/** As "up" and "service install" are called. */
export function startOptions({ home, port, options }: Invocation): StartOptions {
  const text = (name: string): string | undefined => {
    const value = options[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    ...{ home, port },
    listen: text('listen'),
    hub: options['no-hub'] !== true,
    hubPort: text('hub-port'),
    legacyApis: options['legacy-apis'] === true,
  };
}

export function serverArguments({ home, port, listen, hub, hubPort, legacyApis }: StartOptions): string[] {
  return [
    `--home=${home.root}`,
    ...(port === undefined ? [] : [`--port=${port}`]),
    ...(listen === undefined ? [] : [`--listen=${listen}`]),
    ...(hub ? [] : ['--no-hub']),
    ...(hubPort === undefined ? [] : [`--hub-port=${hubPort}`]),
    ...(legacyApis ? ['--legacy-apis'] : []),
  ];
}

/** Starts the server in the background and waits until it is ready. Throws what stopped it, as a SampanError. */
export function startServer(options: StartOptions, timeoutMs: number): Promise<Started> {
  const program = {
    title: 'Sampan',
    program: serverProgram(),
    args: serverArguments(options),
    startLog: options.home.startLog,
    logHint: 'sampan logs',
  };
  return startInBackground<Started>(program, timeoutMs);
}
