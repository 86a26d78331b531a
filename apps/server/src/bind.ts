import { type Listener, type ListenerOptions, listen } from '@sampan/apiserver';
import { messageOf, SampanError } from '@sampan/base';

export const DEFAULT_PORT = 6443;

export interface BindOptions extends Omit<ListenerOptions, 'port'> {
  /** Told by the user: this one or none. 0: any free one. */
  readonly wanted: number | undefined;
  /** Of the last start. */
  readonly remembered: number | undefined;
}

export interface Bound {
  readonly listener: Listener;
  /** The port that was to be used but was taken. */
  readonly taken: number | undefined;
}

/** Listens on the wanted, the remembered, the default or else a free port. Throws `port-in-use` or `port-refused`. */
export async function bind({ wanted, remembered, ...options }: BindOptions): Promise<Bound> {
  const first = wanted ?? remembered ?? DEFAULT_PORT;
  try {
    return { listener: await listen({ ...options, port: first }), taken: undefined };
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE') throw refused(options.host ?? '', first, error);
    if (wanted !== undefined) throw inUse(wanted, error);
  }
  return { listener: await listen({ ...options, port: 0 }), taken: first };
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined;

function inUse(port: number, cause: unknown): SampanError {
  return new SampanError('port-in-use', `The port ${port} is in use by another process.`, {
    hint: `Name another one with --port, or leave it out to take a free one. Who has it: ss -ltnp 'sport = :${port}'`,
    cause,
  });
}

function refused(host: string, port: number, cause: unknown): SampanError {
  return new SampanError(
    'port-refused',
    `The server cannot listen on ${host}:${port}: ${messageOf(cause)}.`,
    {
      hint: 'Name an address of this machine with --listen, and with --port a port that this user may use (1024 or higher unless root).',
      cause,
    },
  );
}
