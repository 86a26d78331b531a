import { SampanError } from '@sampan/base';
import { type RawData, WebSocket } from 'ws';
import type { adminAccess } from '../endpoint.ts';

export interface RemoteCommand {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string | undefined;
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly tty: boolean;
}

/** Channels of the subprotocol v5 (KEP-4006): the first byte of each message. */
const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;
const PROTOCOL = 'v5.channel.k8s.io';
/** What waits to be sent, at most, before this end's input is held back. Bytes. */
const MOST_BUFFERED = 1 << 20;

/**
 * Runs a command in a container, joined to this process's standard streams; resolves with its exit code. Throws
 * `exec-failed` when it cannot be run or the connection breaks.
 */
export async function runRemote(
  { url, ca, certificate: cert, key }: ReturnType<typeof adminAccess>,
  remote: RemoteCommand,
): Promise<number> {
  const address = `${url.replace(/^http/, 'ws')}${pathOf(remote)}`;
  const socket = new WebSocket(address, [PROTOCOL], { ca, cert, key, perMessageDeflate: false });
  const release: (() => void)[] = [];
  try {
    return await new Promise<number>((resolve, reject) => {
      let status: string | undefined;
      socket.once('open', () => {
        if (remote.stdin) release.push(sendInput(socket));
        if (remote.tty) release.push(followTerminal(socket, remote.stdin));
      });
      socket.on('message', (data: RawData) => {
        const [channel, payload] = messageOf(data);
        if (channel === CHANNEL.stdout) process.stdout.write(payload);
        else if (channel === CHANNEL.stderr) process.stderr.write(payload);
        else if (channel === CHANNEL.error) status = (status ?? '') + payload.toString('utf8');
      });
      socket.once('unexpected-response', (_request, response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        response.on('end', () => reject(failed(wordsOf(body) || `status ${response.statusCode}`)));
      });
      socket.once('error', (error) => reject(failed(error.message)));
      socket.once('close', () => {
        if (status === undefined) reject(failed('the connection was closed before the command ended'));
        else settle(status, resolve, reject);
      });
    });
  } finally {
    for (const task of release.reverse()) task();
    socket.terminate();
  }
}

function pathOf({ namespace, pod, container, command, stdin, tty }: RemoteCommand): string {
  const query = new URLSearchParams({
    stdout: 'true',
    stderr: String(!tty),
    stdin: String(stdin),
    tty: String(tty),
  });
  if (container !== undefined) query.set('container', container);
  for (const word of command) query.append('command', word);
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/exec?${query}`;
}

function messageOf(data: RawData): [channel: number, payload: Buffer] {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
  return [bytes[0] ?? CHANNEL.error, bytes.subarray(1)];
}

/** The returned function gives the input back. */
function sendInput(socket: WebSocket): () => void {
  const input = process.stdin;
  const onData = (chunk: Buffer) => {
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(Buffer.concat([Buffer.of(CHANNEL.stdin), chunk]), () => {
      if (socket.bufferedAmount <= MOST_BUFFERED) input.resume();
    });
    if (socket.bufferedAmount > MOST_BUFFERED) input.pause();
  };
  const onEnd = () => {
    if (socket.readyState === WebSocket.OPEN) socket.send(Buffer.of(CHANNEL.close, CHANNEL.stdin));
  };
  input.on('data', onData).once('end', onEnd);
  return () => {
    input.off('data', onData).off('end', onEnd).pause();
    // a pipe that stays open would keep this process
    input.unref?.();
  };
}

/** Keys go there unchanged, and so does the size. The returned function gives the terminal back. */
function followTerminal(socket: WebSocket, stdin: boolean): () => void {
  const resize = () => {
    const { columns, rows } = process.stdout;
    if (socket.readyState !== WebSocket.OPEN || !columns || !rows) return;
    const size = Buffer.from(JSON.stringify({ Width: columns, Height: rows }));
    socket.send(Buffer.concat([Buffer.of(CHANNEL.resize), size]));
  };
  const isRaw = stdin && process.stdin.isTTY;
  if (isRaw) process.stdin.setRawMode(true);
  process.stdout.on('resize', resize);
  resize();
  return () => {
    process.stdout.off('resize', resize);
    if (isRaw) process.stdin.setRawMode(false);
  };
}

/** The Status that ends a command carries its exit code as a cause (apimachinery `NonZeroExitCode`). */
function settle(text: string, resolve: (code: number) => void, reject: (error: Error) => void): void {
  const { status, message, details } = parsed(text);
  const code = details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  if (status === 'Success') resolve(0);
  else if (code !== undefined) resolve(Number(code));
  else reject(failed(message ?? text));
}

interface ExitStatus {
  readonly status?: string;
  readonly message?: string;
  readonly details?: { readonly causes?: readonly { readonly reason?: string; readonly message?: string }[] };
}

function parsed(text: string): ExitStatus {
  try {
    return JSON.parse(text) as ExitStatus;
  } catch {
    return { message: text };
  }
}

const wordsOf = (body: string): string => parsed(body).message ?? body;

function failed(reason: string): SampanError {
  return new SampanError('exec-failed', `The command could not be run: ${reason}`, {
    hint: 'Does the image have that program, and does the application run? See: sampan ps',
  });
}
