import { apiVersionOf, type KubeObject } from '@sampan/api';
import { type Client, REFS, type ResourceRef } from '@sampan/machinery';
import type { Invocation } from '../command.ts';
import { usage } from '../parse.ts';
import { WORKLOADS } from './workload.ts';

/** What is shared in memory is written out each time, as a person would. */
const NO_ALIASES = { aliasDuplicateObjects: false };

const isDryRun = ({ options }: Pick<Invocation, 'options'>): boolean => options['dry-run'] === true;

/** What a dry run prints instead of acting; false: it is none. Objects as they were written, for files of one's own. */
export async function printedOnly(invocation: Invocation, objects: readonly object[]): Promise<boolean> {
  if (!isDryRun(invocation)) return false;
  await printObjects(objects, invocation.options.output ?? 'yaml');
  return true;
}

/** In the format that was asked for; undefined: `KIND/NAME WORD` for each. */
export async function printObjects(
  objects: readonly object[],
  output: unknown,
  word: (index: number) => string = () => '',
): Promise<void> {
  if (output === 'json') {
    const [only] = objects;
    const shown = objects.length === 1 ? only : { apiVersion: 'v1', kind: 'List', items: objects };
    process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
  } else if (output === 'yaml') {
    const { stringify } = await import('yaml');
    process.stdout.write(objects.map((object) => stringify(object, NO_ALIASES)).join('---\n'));
  } else {
    const lines = objects.map((object, index) => {
      const { kind = '', metadata } = object as KubeObject;
      return [`${kind.toLowerCase()}/${metadata.name}`, output === 'name' ? '' : word(index)]
        .join(' ')
        .trimEnd();
    });
    process.stdout.write(lines.map((line) => `${line}\n`).join(''));
  }
}

/** Kinds that are found without asking the server which it serves. */
const COMMON: readonly ResourceRef[] = [...WORKLOADS.map(({ ref }) => ref), ...Object.values(REFS)];

/** Finds where an object of some kind lives; asks the server once, and again after `forget`. */
export class ResourceFinder {
  readonly #client: Client;
  #all: Promise<readonly ResourceRef[]> | undefined;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Throws `usage` for a kind that the server does not have. */
  async find(object: KubeObject): Promise<ResourceRef> {
    const fits = (ref: ResourceRef) => ref.kind === object.kind && apiVersionOf(ref) === object.apiVersion;
    const common = COMMON.find(fits);
    if (common) return common;
    this.#all ??= this.#client.resources();
    const found = (await this.#all).find(fits);
    if (found) return found;
    // a definition that was applied a moment ago
    this.#all = this.#client.resources();
    const late = (await this.#all).find(fits);
    if (late) return late;
    throw usage(
      `There is no kind ${JSON.stringify(object.kind)} in ${JSON.stringify(object.apiVersion)}.`,
      'See what there is: sampan kubectl api-resources',
    );
  }
}
