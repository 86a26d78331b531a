import {
  Client,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { RuntimeError, type RuntimeErrorKind } from '../runtime/runtime-error.ts';

const KINDS: Readonly<Record<number, RuntimeErrorKind>> = {
  [status.NOT_FOUND]: 'not-found',
  [status.ALREADY_EXISTS]: 'already-exists',
  [status.INVALID_ARGUMENT]: 'invalid',
  [status.UNAVAILABLE]: 'unavailable',
  [status.DEADLINE_EXCEEDED]: 'timeout',
  [status.CANCELLED]: 'canceled',
};

export interface UnaryOptions {
  /** Milliseconds; 0: none. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A gRPC connection over a Unix socket: bytes in, bytes out. Reconnects by itself when the server comes back. */
export class GrpcChannel {
  readonly #client: Client;
  readonly #metadata = new Metadata();

  /** `metadata` goes with every call. */
  constructor(socket: string, metadata: Readonly<Record<string, string>> = {}) {
    this.#client = new Client(`unix://${socket}`, credentials.createInsecure(), {
      // as the kubelet: lists of many containers are large
      'grpc.max_receive_message_length': 16 * 1024 * 1024,
      'grpc.initial_reconnect_backoff_ms': 20,
      'grpc.max_reconnect_backoff_ms': 1000,
      'grpc.enable_retries': 0,
    });
    for (const [key, value] of Object.entries(metadata)) this.#metadata.set(key, value);
  }

  /** One request, one answer. Throws `RuntimeError`. */
  unary(path: string, request: Buffer, { timeoutMs, signal }: UnaryOptions): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const deadline = timeoutMs > 0 ? { deadline: Date.now() + timeoutMs } : {};
      const call = this.#client.makeUnaryRequest<Buffer, Buffer>(
        path,
        same,
        same,
        request,
        this.#metadata,
        deadline,
        (error, answer) => {
          signal?.removeEventListener('abort', cancel);
          if (error) reject(runtimeError(error));
          else resolve(answer ?? Buffer.alloc(0));
        },
      );
      const cancel = () => call.cancel();
      if (signal?.aborted) cancel();
      else signal?.addEventListener('abort', cancel);
    });
  }

  /** One request, many answers; the caller listens to `error` and cancels it. */
  stream(path: string, request: Buffer): ClientReadableStream<Buffer> {
    return this.#client.makeServerStreamRequest<Buffer, Buffer>(path, same, same, request, this.#metadata);
  }

  close(): void {
    this.#client.close();
  }
}

const same = (bytes: Buffer): Buffer => bytes;

/** The runtime's own message, without gRPC's number before it. */
export function runtimeError(error: ServiceError): RuntimeError {
  return new RuntimeError(KINDS[error.code] ?? 'other', error.details || error.message, error);
}
