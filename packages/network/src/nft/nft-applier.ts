import { type Logger, messageOf, silentLogger } from '@sampan/base';
import { run } from '../command.ts';
import { type FoundTable, renderReplace, renderTakeover, renderUpdate } from './render.ts';
import type { NftTable } from './table.ts';

export interface NftApplierOptions {
  /** The file of the network namespace; default: the process's own. */
  readonly netns?: string | undefined;
  readonly log?: Logger;
}

/**
 * Keeps one nftables table in the kernel as wanted, each change in one transaction: no packet sees a half of it.
 * It must be the only writer of the table. After a restart the first `apply` takes over what is there.
 */
export class NftApplier {
  readonly #netns: string | undefined;
  readonly #log: Logger;
  /** What the kernel has; undefined: not known. */
  #present: NftTable | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor({ netns, log = silentLogger }: NftApplierOptions = {}) {
    this.#netns = netns;
    this.#log = log;
  }

  /**
   * Resolves when the kernel has the table: false when it had it already (then no process was started). May be
   * called again before that; calls are carried out one after the other. Fails with `network-command-failed`.
   */
  apply(table: NftTable): Promise<boolean> {
    return this.#queue(() => this.#apply(table));
  }

  /** Removes the table; it need not be there. */
  remove(name: string): Promise<void> {
    return this.#queue(async () => {
      this.#present = undefined;
      await this.#nft(`add table ip ${name}\ndelete table ip ${name}\n`);
    });
  }

  /** Makes the next `apply` look at what the kernel really has. */
  forget(): void {
    this.#present = undefined;
  }

  #queue<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#last.then(task);
    this.#last = done.catch(() => {});
    return done;
  }

  async #apply(table: NftTable): Promise<boolean> {
    const commands = this.#present
      ? renderUpdate(this.#present, table)
      : renderTakeover(await this.#found(table), table);
    if (commands === '') return false;
    try {
      await this.#nft(commands);
    } catch (error) {
      // somebody else changed the table, or it was another version's
      this.#log.warn('nftables refused an update; the table is written anew', { error: messageOf(error) });
      this.#present = undefined;
      await this.#nft(renderReplace(table));
    }
    this.#present = table;
    return true;
  }

  async #found({ family, name }: NftTable): Promise<FoundTable> {
    await this.#nft(`add table ${family} ${name}\n`);
    const text = await run('nft', ['-j', '-t', 'list', 'table', family, name], { netns: this.#netns });
    const { nftables = [] } = JSON.parse(text) as { nftables?: Listed[] };
    return {
      chains: nftables.flatMap(({ chain }) => (chain ? [chain.name] : [])),
      sets: nftables.flatMap(({ set, map }) => [
        ...(set ? [{ name: set.name, kind: 'set' as const }] : []),
        ...(map ? [{ name: map.name, kind: 'map' as const }] : []),
      ]),
    };
  }

  #nft(input: string): Promise<string> {
    return run('nft', ['-f', '-'], { netns: this.#netns, input });
  }
}

/** What `nft -j` says of a table (libnftables-json(5)); only names are read. */
interface Listed {
  readonly chain?: { readonly name: string };
  readonly set?: { readonly name: string };
  readonly map?: { readonly name: string };
}
