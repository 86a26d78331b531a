import { errors, type KubeObject, type ResourceDefinition } from '@sampan/api';
import { messageOf } from '@sampan/base';
import type { ProvidedCaller, ProvidedList, ProvidedResource } from '@sampan/machinery';
import { askHub } from './ask-hub.ts';

export interface HubContentOptions {
  readonly definitions: readonly ResourceDefinition[];
  /** Where the registry answers this process. */
  readonly socketPath: string;
  /** Resolves when it does. */
  readonly ready: () => Promise<unknown>;
}

/** What the registry holds, as resources of the API: asked of it each time, under `/resources/` of its socket. */
export function hubContent({ definitions, socketPath, ready }: HubContentOptions): ProvidedResource[] {
  const ask = async (path: string): Promise<unknown> => {
    try {
      await ready();
      return await askHub(socketPath, path);
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
