import { messageOf, SampanError } from '@sampan/base';

/** One end of a channel between two processes that both are of this release (Node's IPC). */
export interface CallPort {
  send(message: CallMessage): void;
  /** Calls `take` with each message of the other end. */
  listen(take: (message: CallMessage) => void): void;
}

export type CallMessage =
  | { readonly kind: 'call'; readonly id: number; readonly method: string; readonly args: readonly unknown[] }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | {
      readonly kind: 'failure';
      readonly id: number;
      readonly code: string;
      readonly message: string;
      readonly hint?: string;
    }
  | { readonly kind: 'event'; readonly args: readonly unknown[] };

type Methods<T> = {
  readonly [K in keyof T]: T[K] extends (...args: never[]) => Promise<unknown> ? K : never;
}[keyof T];

/** Answers calls of the other end by methods of `target`: only those named. */
export function answerCalls<T extends object>(
  port: CallPort,
  target: T,
  methods: readonly Methods<T>[],
): void {
  const known = new Set<unknown>(methods);
  port.listen((message) => {
    if (message.kind !== 'call') return;
    const { id, method, args } = message;
    const call = async (): Promise<unknown> => {
      if (!known.has(method)) throw new Error(`there is no method ${method}`);
      const task = (target as Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>)[
        method
      ];
      return task?.apply(target, [...args]);
    };
    call().then(
      (value) => port.send({ kind: 'answer', id, value }),
      (error: unknown) => port.send(failureOf(id, error)),
    );
  });
}

function failureOf(id: number, error: unknown): CallMessage {
  const { code, hint } = error instanceof SampanError ? error : { code: 'internal', hint: undefined };
  return { kind: 'failure', id, code, message: messageOf(error), ...(hint === undefined ? {} : { hint }) };
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: SampanError) => void;
}

/** Calls methods of the other end. */
export class Caller {
  readonly #port: CallPort;
  readonly #onEvent: (...args: unknown[]) => void;
  readonly #pending = new Map<number, Pending>();
  #last = 0;
  #gone: SampanError | undefined;

  /** `onEvent` gets what the other end sends by itself. */
  constructor(port: CallPort, onEvent: (...args: unknown[]) => void = () => {}) {
    this.#port = port;
    this.#onEvent = onEvent;
    port.listen((message) => {
      if (message.kind === 'event') this.#onEvent(...message.args);
      if (message.kind === 'call' || message.kind === 'event') return;
      const pending = this.#pending.get(message.id);
      this.#pending.delete(message.id);
      if (message.kind === 'answer') pending?.resolve(message.value);
      else pending?.reject(errorOf(message));
    });
  }

  /** Rejects with what the method threw, or with the error given to `end`. */
  call<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    if (this.#gone) return Promise.reject(this.#gone);
    const id = ++this.#last;
    return new Promise<unknown>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#port.send({ kind: 'call', id, method, args });
    }) as Promise<T>;
  }

  /** The other end is gone: all that waits fails, and so do later calls. */
  end(error: SampanError): void {
    this.#gone = error;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

function errorOf({ code, message, hint }: Extract<CallMessage, { kind: 'failure' }>): SampanError {
  return new SampanError(code, message, hint === undefined ? {} : { hint });
}
