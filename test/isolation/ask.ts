import { connect as connectHttp2 } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { connect as connectTls } from 'node:tls';

/** Who asks: PEM texts, or a token, or nobody. */
export interface Credentials {
  readonly cert?: string;
  readonly key?: string;
  readonly token?: string;
}

export interface Question extends Credentials {
  readonly method?: string;
  /** Sent as it stands, whatever is in it. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** Text as it stands; everything else as JSON. */
  readonly body?: unknown;
  /** Default application/json. */
  readonly type?: string;
}

export interface Answer {
  readonly code: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  // biome-ignore lint/suspicious/noExplicitAny: what servers answer is looked into by many paths
  json(): any;
}

const TIMEOUT_MS = 60_000;

const answerOf = (code: number, text: string, headers: Answer['headers']): Answer => ({
  code,
  text,
  headers,
  json: () => JSON.parse(text),
});

function headersOf({ token, headers, body, type = 'application/json' }: Question) {
  return {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-type': type }),
    ...headers,
  };
}

const textOf = (body: unknown): string => (typeof body === 'string' ? body : JSON.stringify(body));

/** One request on a connection of its own, by HTTP/1.1. */
export function ask(url: string, question: Question): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const { method = 'GET', path, cert, key, body } = question;
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        ...{ host: hostname, port, method, path, agent: false, rejectUnauthorized: false },
        ...(cert && key ? { cert, key } : {}),
        timeout: TIMEOUT_MS,
        headers: headersOf(question),
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        answer.on('error', reject);
        answer.on('end', () => resolve(answerOf(answer.statusCode ?? 0, text, answer.headers)));
      },
    );
    request.on('timeout', () => request.destroy(new Error(`no answer to ${method} ${path}`)));
    request.on('error', reject);
    request.end(body === undefined ? undefined : textOf(body));
  });
}

/** One request on a connection of its own, by HTTP/2; its body has no length. */
export function askHttp2(url: string, question: Question): Promise<Answer> {
  const { method = 'GET', path, cert, key, body } = question;
  return new Promise((resolve, reject) => {
    const session = connectHttp2(url, { rejectUnauthorized: false, ...(cert && key ? { cert, key } : {}) });
    const fail = (error: Error) => {
      session.destroy();
      reject(error);
    };
    session.on('error', fail);
    const stream = session.request(
      { ...headersOf(question), ':method': method, ':path': path },
      { endStream: body === undefined },
    );
    stream.setTimeout(TIMEOUT_MS, () => fail(new Error(`no answer to ${method} ${path}`)));
    stream.on('error', fail);
    let headers: Answer['headers'] = {};
    stream.on('response', (sent) => {
      headers = sent as Answer['headers'];
    });
    let text = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    stream.on('end', () => {
      session.close();
      resolve(answerOf(Number(headers[':status'] ?? 0), text, headers));
    });
    if (body !== undefined) stream.end(textOf(body));
  });
}

/** Sends bytes as they stand and gives all that came until the server ended the connection, or `waitMs` went by. */
export function sendBytes(url: string, bytes: string, who: Credentials = {}, waitMs = 1500): Promise<string> {
  const { hostname, port } = new URL(url);
  const { cert, key } = who;
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      ...{ host: hostname, port: Number(port), rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] },
      ...(cert && key ? { cert, key } : {}),
    });
    let text = '';
    const timer = setTimeout(() => socket.destroy(), waitMs);
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('secureConnect', () => socket.write(bytes));
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(text);
    });
  });
}
