import { type KubeObject, StatusError } from '@sampan/api';
import { SampanError } from '@sampan/base';
import type { Client } from '@sampan/machinery';
import { printObjects } from '../apps/make.ts';
import { outputOf, waitMsOf, withHost } from '../clusters/change-cluster.ts';
import type { Invocation, OptionValues } from '../command.ts';
import { usage } from '../parse.ts';
import { asCalled } from '../program-name.ts';
import { tableText } from '../structured.ts';
import { suggest } from '../suggest.ts';
import { watchObject } from '../watch-object.ts';
import type { HubKind } from './hub-kind.ts';

/** Without who set which field, as kubectl shows objects. */
export function shown<T extends KubeObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Throws `hub-object-not-found`. */
export async function getHubObject<T extends KubeObject>(
  client: Client,
  kind: HubKind<T>,
  text: string,
): Promise<T> {
  try {
    return await client.get<T>(kind.ref, undefined, kind.objectName(text));
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 404) throw error;
    const { items } = await client.list(kind.ref, { metadataOnly: true });
    const meant = suggest(text, items.map(kind.shownName));
    throw new SampanError('hub-object-not-found', `There is no ${kind.word} ${JSON.stringify(text)}.`, {
      hint: meant ? `Did you mean: ${meant}` : `See: sampan hub ${kind.word} list`,
    });
  }
}

/** Throws `hub-object-exists`. */
export async function createHubObject<T extends KubeObject>(
  client: Client,
  kind: HubKind<T>,
  object: T,
): Promise<T> {
  try {
    return await client.create(kind.ref, object);
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 409) throw error;
    const name = kind.shownName(object);
    throw new SampanError('hub-object-exists', `The ${kind.word} ${name} exists already.`, {
      hint: `Choose another name. What is there: sampan hub ${kind.word} describe ${name}`,
    });
  }
}

interface Judged extends KubeObject {
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason: string;
      readonly message: string;
    }[];
  };
}

/** Until the registry has seen the object as it is now. Returns it then. Throws `hub-slow`, `hub-object-failed`. */
export async function untilSeen<T extends KubeObject>(
  invocation: Invocation,
  client: Client,
  kind: HubKind<T>,
  { metadata: { name = '', generation = 0 } }: T,
): Promise<T> {
  const timeoutMs = waitMsOf(invocation);
  const found = await watchObject<T, T>(client, { ref: kind.ref, name, timeoutMs }, (object) => {
    const { observedGeneration = -1 } = (object as Judged | undefined)?.status ?? {};
    return observedGeneration >= generation ? object : undefined;
  });
  if (!found) throw hubSlow(kind.word, timeoutMs);
  const { judgedBy = ['Ready'], expected = [] } = kind;
  const failed = (found as Judged).status?.conditions?.find(
    ({ type, status, reason }) => status === 'False' && judgedBy.includes(type) && !expected.includes(reason),
  );
  if (!failed) return found;
  const message = `The ${kind.word} is not as it was asked to be: ${failed.message.replace(/\.$/, '')}.`;
  throw new SampanError('hub-object-failed', message, {
    hint: `See: sampan hub ${kind.word} describe ${kind.shownName(found)}`,
  });
}

/** Of `hub-slow`: the registry has not seen something in time. */
export const hubSlow = (word: string, timeoutMs: number): SampanError =>
  new SampanError('hub-slow', `The registry has not seen the ${word} after ${timeoutMs / 1000} s.`, {
    hint: 'It goes on with it. Does it run? See: sampan status',
  });

/** `sampan hub WORD list [ARGUMENT]` */
export const listOf =
  <T extends KubeObject>(kind: HubKind<T>) =>
  async (invocation: Invocation): Promise<number> => {
    const { options, args, environment } = invocation;
    const [argument] = args;
    const { fieldSelector, fits } = kind.within;
    const selected =
      argument === undefined || !fieldSelector ? {} : { fieldSelector: fieldSelector(argument) };
    const { items: all } = await withHost(invocation, (client) => client.list<T>(kind.ref, selected));
    const items = argument === undefined || !fits ? all : all.filter((object) => fits(object, argument));
    const { output } = options;
    if (output === 'json' || output === 'yaml') {
      const objects = items.map(shown);
      const list = { apiVersion: 'v1', kind: 'List', items: objects };
      await printObjects(output === 'json' ? [list] : objects, output);
    } else if (output === 'name') {
      process.stdout.write(items.map((object) => `${kind.shownName(object)}\n`).join(''));
    } else if (items.length === 0) {
      process.stderr.write(`${asCalled(kind.none, environment)}\n`);
    } else {
      const columns = output === 'wide' ? [...kind.columns, ...kind.wide] : kind.columns;
      const rows = items.map((object) => columns.map(([, cell]) => cell(object)));
      process.stdout.write(
        tableText(
          columns.map(([head]) => head),
          rows,
        ),
      );
    }
    return 0;
  };

/** `sampan hub WORD describe NAME` */
export const describeOf =
  <T extends KubeObject>(kind: HubKind<T>) =>
  async (invocation: Invocation): Promise<number> => {
    const { options, args } = invocation;
    const object = await withHost(invocation, (client) => getHubObject(client, kind, args[0] ?? ''));
    if (options.output !== undefined) await printObjects([shown(object)], options.output);
    else
      process.stdout.write(
        `${rowsText(kind.rows.map(([head, cell]) => [head, cell(object)]))}${conditionsText(object)}`,
      );
    return 0;
  };

/** Lines of `HEAD: VALUE`; those without a value are left out. */
export function rowsText(rows: readonly (readonly [head: string, value: string | undefined])[]): string {
  const shownRows = rows.filter(
    (row): row is readonly [string, string] => row[1] !== undefined && row[1] !== '',
  );
  const width = Math.max(0, ...shownRows.map(([head]) => head.length)) + 3;
  const indented = (value: string) => value.replaceAll('\n', `\n${' '.repeat(width)}`);
  return shownRows.map(([head, value]) => `${`${head}:`.padEnd(width)}${indented(value)}\n`).join('');
}

function conditionsText(object: Judged): string {
  const lines = (object.status?.conditions ?? []).map(
    ({ type, status, message }) => `  ${type.padEnd(15)}${status.padEnd(9)}${message}\n`,
  );
  return lines.length > 0 ? `Conditions:\n${lines.join('')}` : '';
}

/** `sampan hub WORD update NAME`: `patchOf` says what the options change of a spec, as a merge patch (RFC 7396). */
export const updateOf =
  <S extends object, T extends KubeObject & { readonly spec?: S }>(
    kind: HubKind<T>,
    patchOf: (options: OptionValues, before: S | undefined) => object,
  ) =>
  async (invocation: Invocation): Promise<number> => {
    const { args, options } = invocation;
    return await withHost(invocation, async (client) => {
      const { spec, metadata } = await getHubObject(client, kind, args[0] ?? '');
      const patch = patchOf(options, spec);
      if (Object.keys(patch).length === 0)
        throw usage('Nothing is to be changed.', `See what can be: sampan help hub ${kind.word} update`);
      const dryRun = options['dry-run'] === true;
      // somebody else's change of the same lists is not lost
      const { name = '', resourceVersion = '' } = metadata;
      const change = { metadata: { resourceVersion }, spec: patch };
      const changed = await client.patch<T>(kind.ref, undefined, name, 'merge', change, { dryRun });
      const isOver = dryRun || waitMsOf(invocation) === 0;
      const seen = isOver ? changed : await untilSeen(invocation, client, kind, changed);
      await printObjects([shown(seen)], outputOf(invocation), () => 'updated');
      return 0;
    });
  };

/** `sampan hub WORD delete NAME…` */
export const deleteOf =
  <T extends KubeObject>(kind: HubKind<T>) =>
  async (invocation: Invocation): Promise<number> =>
    await withHost(invocation, async (client) => {
      for (const text of invocation.args) {
        const { metadata } = await getHubObject(client, kind, text);
        const preconditions = metadata.uid === undefined ? {} : { preconditions: { uid: metadata.uid } };
        await client.delete(kind.ref, undefined, metadata.name ?? '', preconditions);
        process.stdout.write(`${kind.word}/${text} deleted\n`);
      }
      return 0;
    });
