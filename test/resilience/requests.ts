import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 10_000;

/** Asks a URL again and again, each time over a new connection, until `stop`. */
export class Requests {
  readonly #loops: Promise<void>[];
  readonly #failures: string[] = [];
  readonly #answers = new Set<string>();
  #count = 0;
  #isStopped = false;

  constructor(url: string) {
    this.#loops = Array.from({ length: 4 }, () => this.#loop(url));
  }

  async stop() {
    this.#isStopped = true;
    await Promise.all(this.#loops);
    return { failures: this.#failures, answers: this.#answers, count: this.#count };
  }

  async #loop(url: string): Promise<void> {
    while (!this.#isStopped) {
      this.#count++;
      await ask(url).then(
        (text) => this.#answers.add(text),
        (error: unknown) => this.#failures.push(`${new Date().toISOString()} ${error}`),
      );
      await sleep(10);
    }
  }
}

function ask(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, timeout: PATIENCE_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('error', reject).on('end', () => {
        if (response.statusCode === 200) resolve(text.trim());
        else reject(new Error(`status ${response.statusCode}`));
      });
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', reject);
  });
}
