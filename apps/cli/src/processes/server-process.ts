import type { HomeLayout } from '@sampan/home';
import { programFile, startInBackground } from './background.ts';

export interface StartOptions {
  readonly home: HomeLayout;
  readonly port: number | undefined;
  readonly listen: string | undefined;
  readonly legacyApis: boolean;
}

interface Started {
  readonly port: number;
  /** The port that was to be used but was taken. */
  readonly portTaken?: number;
}

export const serverProgram = (): string => programFile('server.mjs', 'server/src/main.ts');

export function serverArguments({ home, port, listen, legacyApis }: StartOptions): string[] {
  return [
    `--home=${home.root}`,
    ...(port === undefined ? [] : [`--port=${port}`]),
    ...(listen === undefined ? [] : [`--listen=${listen}`]),
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
