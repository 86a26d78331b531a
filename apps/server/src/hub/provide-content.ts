import type { Logger } from '@sampan/base';
import { CONTENT_DEFINITIONS } from '@sampan/hub/content';
import type { ProvidedResource } from '@sampan/machinery';
import { hubContent } from './hub-content.ts';
import { HubFeed } from './hub-feed.ts';

export interface ProvideContentOptions {
  readonly plane: { provide(resource: ProvidedResource): () => void };
  /** Where the registry answers this process. */
  readonly socketPath: string;
  /** Resolves when it does. */
  readonly ready: () => Promise<unknown>;
  readonly log: Logger;
}

/** Serves what the registry holds as resources of the API; the returned function ends that. */
export function provideContent({ plane, ...options }: ProvideContentOptions): () => Promise<void> {
  let endings: (() => void)[] = [];
  const withdraw = (): void => {
    for (const end of endings.splice(0)) end();
  };
  const provide = (): void => {
    withdraw();
    const content = hubContent({ definitions: CONTENT_DEFINITIONS, feed, ...options });
    endings = content.map((resource) => plane.provide(resource));
  };
  // anew: that ends the watches, whose clients list again
  const feed = new HubFeed({ ...options, onBroken: provide });
  provide();
  feed.start();
  return async () => {
    await feed.stop();
    withdraw();
  };
}
