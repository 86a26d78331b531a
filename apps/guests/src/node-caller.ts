import { request as httpRequest } from 'node:http';
import { SampanError } from '@sampan/base';
import type { NodeRequest } from '@sampan/clusters';

const TIMEOUT_MS = 60_000;
const MOST_ANSWER = 16 * 1024;

/** The node process of this home, as the guests process asks it; see `NodeRequest`. */
export class NodeCaller {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** Has pods of a cluster run; resolves when its node works. Rejects with `node-unavailable`. */
  start(name: string, request: NodeRequest): Promise<void> {
    return this.#call('POST', `/clusters/${name}`, JSON.stringify(request));
  }

  /** Ends the work for a cluster; `end`: and all that its pods left on the machine. */
  stop(name: string, { end }: { readonly end: boolean }): Promise<void> {
    return this.#call('DELETE', `/clusters/${name}${end ? '?end=true' : ''}`, '');
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
