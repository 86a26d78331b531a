import { Agent, request } from 'node:http';
import { errors, type KubeObject, type ResourceDefinition } from '@sampan/api';
import { messageOf } from '@sampan/base';
import type { ProvidedCaller, ProvidedList, ProvidedResource } from '@sampan/machinery';

export interface HubContentOptions {
  readonly definitions: readonly ResourceDefinition[];
  /** Where the registry answers this process. */
  readonly socketPath: string;
  /** Resolves when it does. */
  readonly ready: () => Promise<unknown>;
}

/** More is not taken from the registry at once. */
const MOST_BYTES = 256 << 20;
const TIMEOUT_MS = 30_000;

/** What the registry holds, as resources of the API: asked of it each time, under `/resources/` of its socket. */
export function hubContent({ definitions, socketPath, ready }: HubContentOptions): ProvidedResource[] {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 4 });
  const ask = async (path: string): Promise<unknown> => {
    try {
      await ready();
      return await getJson(agent, socketPath, path);
    } catch (error) {
      throw errors.serviceUnavailable(`the registry does not answer: ${messageOf(error)}`);
    }
  };
  return definitions.map((definition) => new HubContent(definition, ask));
}

class HubContent implements ProvidedResource {
  readonly definition: ResourceDefinition;
  readonly #ask: (path: string) => Promise<unknown>;

  constructor(definition: ResourceDefinition, ask: (path: string) => Promise<unknown>) {
    this.definition = definition;
    this.#ask = ask;
  }

  async list(_namespace: string, _caller: ProvidedCaller, equal: Readonly<Record<string, string>>) {
    const query = new URLSearchParams(equal).toString();
    return (await this.#ask(`${this.#path}${query && `?${query}`}`)) as ProvidedList;
  }

  async get(_namespace: string, name: string): Promise<KubeObject | undefined> {
    return (await this.#ask(`${this.#path}/${encodeURIComponent(name)}`)) as KubeObject | undefined;
  }

  get #path(): string {
    return `/resources/${this.definition.resource}`;
  }
}

/** undefined: there is none (404). */
async function getJson(agent: Agent, socketPath: string, path: string): Promise<unknown> {
  const { status, body } = await get(agent, socketPath, path);
  if (status === 404) return undefined;
  if (status !== 200) throw new Error(`status ${status}`);
  return JSON.parse(body);
}

function get(
  agent: Agent,
  socketPath: string,
  path: string,
): Promise<{ readonly status: number | undefined; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ agent, socketPath, path, timeout: TIMEOUT_MS }, (answer) => {
      const parts: Buffer[] = [];
      let size = 0;
      answer.on('data', (part: Buffer) => {
        size += part.length;
        if (size > MOST_BYTES) sent.destroy(new Error('its answer is too long'));
        else parts.push(part);
      });
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({ status: answer.statusCode, body: Buffer.concat(parts).toString('utf8') }),
      );
    });
    sent.on('timeout', () => sent.destroy(new Error('it took too long')));
    sent.on('error', reject);
    sent.end();
  });
}
