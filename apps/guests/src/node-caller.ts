import { type ClientRequest, request as httpRequest } from 'node:http';
import { SampanError } from '@sampan/base';
import { NODE_LINE, type NodeRequest } from '@sampan/clusters';

const TIMEOUT_MS = 60_000;
const MOST_ANSWER = 16 * 1024;

/** The node process of this home, as the guests process asks it; see `NodeRequest`. */
export class NodeCaller {
  readonly #socketPath: string;
  readonly #listeners = new Set<() => void>();
  /** Open for as long as the node process lives that was asked last. */
  #line: Promise<ClientRequest> | undefined;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** Has pods of a cluster run; resolves when its node works. Rejects with `node-unavailable`, `network-taken`. */
  async start(name: string, request: NodeRequest): Promise<void> {
    await this.#hold();
    await this.#call('POST', `/clusters/${name}`, JSON.stringify(request));
  }

  /** Ends the work for a cluster; `end`: and all that its pods left on the machine. */
  stop(name: string, { end }: { readonly end: boolean }): Promise<void> {
    return this.#call('DELETE', `/clusters/${name}${end ? '?end=true' : ''}`, '');
  }

  /** Ends all pods of a cluster, for which the machine works no more; their volumes stay. */
  endPods(name: string): Promise<void> {
    return this.#call('DELETE', `/clusters/${name}?end=pods`, '');
  }

  /** Has `listener` called when the node process is gone that was asked to start clusters: the next one knows none. */
  onLost(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#listeners.clear();
    this.#line?.then(
      (line) => line.destroy(),
      () => {},
    );
  }

  #hold(): Promise<unknown> {
    this.#line ??= this.#open();
    return this.#line;
  }

  #open(): Promise<ClientRequest> {
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        { socketPath: this.#socketPath, path: NODE_LINE, agent: false },
        (answer) => {
          answer.resume();
          if (answer.statusCode === 200) resolve(request);
          else request.destroy(new Error(`it answered with ${answer.statusCode}`));
        },
      );
      request.on('error', (error) => reject(unavailable(error.message)));
      request.on('close', () => {
        this.#line = undefined;
        for (const listener of [...this.#listeners]) listener();
      });
      request.end();
    });
  }

  #call(method: string, path: string, body: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const request = httpRequest({ socketPath: this.#socketPath, method, path, agent: false }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          if (text.length < MOST_ANSWER) text += chunk;
        });
        answer.on('error', (error) => reject(unavailable(error.message)));
        answer.on('end', () => {
          if (answer.statusCode === 200) resolve();
          else if (answer.statusCode === 409) reject(new SampanError('network-taken', text));
          else reject(unavailable(text));
        });
      });
      request.setTimeout(TIMEOUT_MS, () => request.destroy(new Error('no answer in time')));
      request.on('error', (error) => reject(unavailable(error.message)));
      request.end(body);
    });
  }
}

const unavailable = (why: string): SampanError =>
  new SampanError('node-unavailable', `what runs containers does not take the cluster: ${why}`, {
    hint: 'Is Sampan running as root? See: sampan logs --node',
  });
