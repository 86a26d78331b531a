import { type Clock, deepEqual, type Logger } from '@sampan/base';
import { type Client, Informer, REFS, Reconciler } from '@sampan/machinery';
import { ROBOT_ACCOUNTS, type RobotAccountObject, type RobotAccountStatus } from '../kinds/robot-account.ts';
import type { HubObjects } from './hub-objects.ts';
import { ignore } from './ignore.ts';
import { ROBOT_LABEL } from './robot-secret.ts';
import { RobotSecrets } from './robot-secrets.ts';
import { robotStatus } from './robot-status.ts';

export interface RobotControllerOptions {
  readonly client: Client;
  readonly objects: HubObjects;
  readonly clock: Clock;
  readonly log: Logger;
  /** By which the registry is called, `HOST:PORT`: for login files. */
  readonly hosts: readonly string[];
}

/** `status.lastUsed` is written no more often. */
const USED_EVERY_MS = 5 * 60_000;
const USED_SOON_MS = 1000;
/** What a status tells of a time. */
const SECOND_MS = 1000;
/** What is in the way of a robot's Secret is another's, and not watched. */
const TROUBLE_MS = 10_000;

/** Makes the Secrets of robots and tells in their status whether they may log in. */
export class RobotController {
  readonly #options: RobotControllerOptions;
  readonly #reconciler: Reconciler;
  readonly #secrets: RobotSecrets;
  /** When robots logged in last since this process began, milliseconds since the epoch. */
  readonly #used = new Map<string, number>();
  /** Those of robots, without what they hold: to hear when somebody changes or deletes one. */
  readonly #made: Informer;
  readonly #forget: (() => void)[] = [];

  constructor(options: RobotControllerOptions) {
    const { client, clock, log } = options;
    this.#options = options;
    const selection = { labelSelector: ROBOT_LABEL, metadataOnly: true };
    this.#made = new Informer({ client, ref: REFS.secrets, options: selection, clock, log });
    this.#secrets = new RobotSecrets(options);
    this.#reconciler = new Reconciler({
      name: 'robot accounts',
      clock,
      log,
      reconcile: (name) => this.#reconcile(name),
    });
  }

  /** When all objects are known. */
  start(): void {
    this.#forget.push(
      this.#options.objects.robots.onChange(({ type, object }) => {
        const { name = '' } = object.metadata;
        if (type === 'deleted') this.#used.delete(name);
        else this.#reconciler.enqueue(name);
      }),
      this.#made.onChange(({ object }) =>
        this.#reconciler.enqueue(object.metadata.labels?.[ROBOT_LABEL] ?? ''),
      ),
    );
    this.#made.start();
    this.#reconciler.start();
  }

  /** Resolves when what it was doing is done. May be called twice. */
  async stop(): Promise<void> {
    for (const forget of this.#forget.splice(0)) forget();
    this.#made.stop();
    await this.#reconciler.stop();
  }

  /** To be told that a robot, by its object's name, logged in. */
  used(name: string): void {
    const now = this.#options.clock.now();
    const robot = this.#options.objects.robots.get('', name);
    this.#used.set(name, now);
    const due = robot ? dueIn(robot, now, now) : Infinity;
    if (due < Infinity) this.#reconciler.enqueueAfter(name, Math.max(due, USED_SOON_MS));
  }

  async #reconcile(name: string): Promise<{ readonly afterMs: number } | undefined> {
    const robot = this.#options.objects.robots.get('', name);
    if (!robot || robot.metadata.deletionTimestamp !== undefined) return undefined;
    await this.#secrets.removeFormer(robot);
    const found = await this.#secrets.ensure(robot);
    const now = this.#options.clock.now();
    const used = this.#used.get(name);
    const due = dueIn(robot, used, now);
    await this.#tell(robot, robotStatus(robot, found, due <= 0 ? used : undefined, now));
    const left = Date.parse(robot.spec?.expiresAt ?? '') - now;
    const afterMs = Math.min(
      left > 0 ? left + 1 : Infinity,
      found?.trouble ? TROUBLE_MS : Infinity,
      due > 0 ? due : Infinity,
    );
    return afterMs < Infinity ? { afterMs } : undefined;
  }

  async #tell({ metadata, status: old }: RobotAccountObject, status: RobotAccountStatus): Promise<void> {
    if (deepEqual(status, old)) return;
    const { client } = this.#options;
    const subresource = 'status';
    // what is not told any more must be taken away
    const { secretRef = null, secretHash = null } = status;
    const patch = { status: { ...status, secretRef, secretHash } };
    await client
      .patch(ROBOT_ACCOUNTS, undefined, metadata.name ?? '', 'merge', patch, { subresource })
      .catch(ignore(404));
  }
}

/** When the status is to tell of a login; `Infinity`: what it tells is new enough. Milliseconds. */
function dueIn({ status }: RobotAccountObject, used: number | undefined, now: number): number {
  if (used === undefined) return Infinity;
  if (status?.lastUsed === undefined) return 0;
  const told = Date.parse(status.lastUsed);
  return used - told < SECOND_MS ? Infinity : told + USED_EVERY_MS - now;
}
