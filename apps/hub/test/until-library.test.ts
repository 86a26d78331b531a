import { setTimeout as sleep } from 'node:timers/promises';
import type { HubObjects } from '@sampan/hub';
import { expect, test } from 'vitest';
import { untilLibrary } from '../src/start-controllers.ts';

/** A cluster that tells of the project when it is told to. */
function setUp() {
  let isThere = false;
  const listeners = new Set<() => void>();
  const projects = {
    get: () => (isThere ? {} : undefined),
    onChange: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const appear = () => {
    isThere = true;
    for (const listener of listeners) listener();
  };
  return { objects: { projects } as unknown as HubObjects, appear, listeners };
}

test('a registry is ready when the project of all is there, however long a slow cluster takes to make it', async () => {
  const { objects, appear, listeners } = setUp();
  const { promise: made, resolve } = Promise.withResolvers<void>();
  let isReady = false;
  const ready = untilLibrary(objects, { made: () => made }).then(() => {
    isReady = true;
  });
  // longer than the cluster is given to tell of what was made
  await sleep(2200);
  expect(isReady).toBe(false);
  resolve();
  appear();
  await ready;
  expect(listeners.size).toBe(0);
});

test('a registry is ready without it where the cluster does not let it make projects', async () => {
  const { objects, listeners } = setUp();
  await untilLibrary(objects, { made: () => Promise.resolve() });
  expect(listeners.size).toBe(0);
});
