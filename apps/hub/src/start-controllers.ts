import { setTimeout as sleep } from 'node:timers/promises';
import { type Logger, systemClock } from '@sampan/base';
import { HUB_HOST } from '@sampan/home';
import { type Hub, HubControllers, type HubObjects, type ProjectSpec } from '@sampan/hub';
import type { Client } from '@sampan/machinery';

const LIBRARY: ProjectSpec = { description: 'Images for all.', public: true };
const HOST: ProjectSpec = { description: 'Images of this machine’s own cluster.' };

interface ControllersOptions {
  readonly hub: Hub;
  readonly objects: HubObjects;
  readonly client: Client;
  readonly port: number;
  readonly logger: Logger;
}

/** Starts what makes projects and robots of their objects; tell `controllers` of what they cannot see. */
export function startControllers({ hub, objects, client, port, logger }: ControllersOptions): HubControllers {
  const controllers = new HubControllers({
    client,
    objects,
    content: hub.projects,
    hosts: [`localhost:${port}`, HUB_HOST],
    always: { library: LIBRARY, ...(objects.clusters ? { host: HOST } : {}) },
    clock: systemClock,
    log: logger,
  });
  controllers.start();
  return controllers;
}

/** After projects were made, until the cluster tells of them. */
const TOLD_MS = 2000;
/** Longer than a slow cluster takes to make one; with it, whoever starts the registry would rather have it as it is. */
const LONGEST_MS = 10_000;

/**
 * Resolves when the project is there to which everybody's first push goes, or after a while: the cluster need not let
 * the registry make projects.
 */
export async function untilLibrary(
  { projects }: HubObjects,
  controllers: Pick<HubControllers, 'made'>,
): Promise<void> {
  const { promise: there, resolve } = Promise.withResolvers<void>();
  const look = () => {
    if (projects.get('', 'library')) resolve();
  };
  const forget = projects.onChange(look);
  const end = new AbortController();
  const after = (ms: number) => sleep(ms, undefined, { signal: end.signal });
  look();
  await Promise.race([there, controllers.made().then(() => after(TOLD_MS)), after(LONGEST_MS)]).finally(
    () => {
      forget();
      end.abort();
    },
  );
}
