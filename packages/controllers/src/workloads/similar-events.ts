import type { KubeObject } from '@sampan/api';
import type { Clock } from '@sampan/base';
import type { EventContent, EventRecorder } from '@sampan/machinery';

/** As client-go's EventAggregator: ten different notes of one kind, then one for all others, for ten minutes. */
const MOST_NOTES = 10;
const WINDOW_MS = 10 * 60_000;
const MOST_GROUPS = 4096;

interface Group {
  readonly notes: Set<string>;
  /** What stands for all further notes. */
  combined: string | undefined;
  seenAt: number;
}

/**
 * Puts events together that differ only in their note, such as one for each of a thousand pods: the first ones are
 * told as they are, all others as one whose count grows.
 */
export class SimilarEvents {
  readonly #recorder: Pick<EventRecorder, 'record' | 'stop'>;
  readonly #clock: Clock;
  readonly #groups = new Map<string, Group>();

  constructor(recorder: Pick<EventRecorder, 'record' | 'stop'>, clock: Clock) {
    this.#recorder = recorder;
    this.#clock = clock;
  }

  record(object: KubeObject, content: EventContent): void {
    const group = this.#group(`${object.metadata.uid}\n${content.type}\n${content.reason}`);
    this.#recorder.record(object, { ...content, note: noteOf(group, content.note) });
  }

  stop(): void {
    this.#recorder.stop();
    this.#groups.clear();
  }

  /** The group of a key; the ones that were seen last are at the end. */
  #group(key: string): Group {
    const now = this.#clock.now();
    const present = this.#groups.get(key);
    this.#groups.delete(key);
    const lives = present !== undefined && now - present.seenAt < WINDOW_MS;
    const group = lives ? present : { notes: new Set<string>(), combined: undefined, seenAt: now };
    group.seenAt = now;
    this.#groups.set(key, group);
    for (const [old, { seenAt }] of this.#groups) {
      if (this.#groups.size <= MOST_GROUPS && now - seenAt < WINDOW_MS) break;
      this.#groups.delete(old);
    }
    return group;
  }
}

function noteOf(group: Group, note: string): string {
  if (group.notes.has(note)) return note;
  if (group.notes.size >= MOST_NOTES) {
    group.combined ??= `(combined from similar events): ${note}`;
    return group.combined;
  }
  group.notes.add(note);
  return note;
}
