import type { HubResponse } from './message.ts';

/** Of all lists together. */
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_REPOSITORIES = 1000;

interface Lists {
  readonly pages: Map<string, HubResponse>;
  bytes: number;
}

/**
 * Lists of tags as they were answered, until a tag of their repository changes: clients that look for new tags ask for
 * the same ten thousand again and again.
 */
export class TagLists {
  readonly #lists = new Map<string, Lists>();
  #bytes = 0;

  /**
   * The answer for `page` of the repository's list; `read` makes it where it is not known. What `read` finds while
   * `changed` is called is answered, and not kept.
   */
  async answer(repository: string, page: string, read: () => Promise<HubResponse>): Promise<HubResponse> {
    const lists = this.#listsOf(repository);
    const known = lists.pages.get(page);
    if (known) return known;
    const answer = await read();
    if (this.#lists.get(repository) === lists) this.#keep(lists, page, answer);
    return answer;
  }

  /** Tags of the repository have changed, as all that read from now on see. */
  changed(repository: string): void {
    this.#bytes -= this.#lists.get(repository)?.bytes ?? 0;
    this.#lists.delete(repository);
  }

  #listsOf(repository: string): Lists {
    const found = this.#lists.get(repository) ?? { pages: new Map(), bytes: 0 };
    // the least used are the first to go
    this.#lists.delete(repository);
    this.#lists.set(repository, found);
    this.#forget(() => this.#lists.size <= MAX_REPOSITORIES);
    return found;
  }

  #keep(lists: Lists, page: string, answer: HubResponse): void {
    const bytes = page.length + Number(answer.headers['content-length'] ?? 0);
    lists.pages.set(page, answer);
    lists.bytes += bytes;
    this.#bytes += bytes;
    this.#forget(() => this.#bytes <= MAX_BYTES);
  }

  #forget(enough: () => boolean): void {
    for (const repository of this.#lists.keys()) {
      if (enough()) return;
      this.changed(repository);
    }
  }
}
