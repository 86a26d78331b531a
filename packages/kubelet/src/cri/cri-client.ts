import { type Cri, type CriCalls, criCalls, criTable } from '../generated/cri.ts';
import { decodeMessage } from '../grpc/decode-message.ts';
import { encodeMessage } from '../grpc/encode-message.ts';
import type { GrpcChannel } from '../grpc/grpc-channel.ts';

export type CriCall = keyof CriCalls;

/** As the kubelet's `--runtime-request-timeout`. */
const DEFAULT_TIMEOUT_MS = 120_000;

/** The CRI's calls with their messages as objects. */
export class CriClient {
  readonly #channel: GrpcChannel;

  constructor(channel: GrpcChannel) {
    this.#channel = channel;
  }

  /** `timeoutMs` 0: none. Throws `RuntimeError`. */
  async call<C extends CriCall>(
    name: C,
    request: CriCalls[C][0],
    { timeoutMs = DEFAULT_TIMEOUT_MS, signal }: { timeoutMs?: number; signal?: AbortSignal | undefined } = {},
  ): Promise<CriCalls[C][1]> {
    const [service, takes, gives] = criCalls[name];
    const bytes = encodeMessage(criTable, takes, request);
    const answer = await this.#channel.unary(`/runtime.v1.${service}/${name}`, bytes, { timeoutMs, signal });
    // the table that reads it and the type come from the same generator
    return decodeMessage(criTable, gives, answer) as Cri[typeof gives] as CriCalls[C][1];
  }
}
