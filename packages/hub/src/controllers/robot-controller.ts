import { StatusError } from '@sampan/api';
import { type Clock, deepEqual, type Logger } from '@sampan/base';
import { type Client, REFS, Reconciler } from '@sampan/machinery';
import {
  ROBOT_ACCOUNTS,
  type RobotAccountObject,
  type RobotAccountStatus,
  type SecretPlace,
} from '../kinds/robot-account.ts';
import { newRobotSecret } from '../kinds/robot-secret.ts';
import type { HubObjects } from './hub-objects.ts';
import { ignore } from './ignore.ts';
import { DOCKER_CONFIG, isSecretOf, passwordIn, type RobotSecret, robotSecretOf } from './robot-secret.ts';
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
const TROUBLE_MS = 10_000;
/** A Secret that someone deleted is made again after so long, with another secret. */
const LOOK_MS = 5 * 60_000;

const TAKEN = {
  reason: 'SecretTaken',
  message: 'spec.secretRef names a Secret that is not this robot’s: delete that one or name another',
};
const NO_NAMESPACE = {
  reason: 'NamespaceMissing',
  message: 'spec.secretRef names a namespace that is not there',
};

/** Makes the Secrets of robots and tells in their status whether they may log in. */
export class RobotController {
  readonly #options: RobotControllerOptions;
  readonly #reconciler: Reconciler;
  /** When robots logged in since their status was written, milliseconds since the epoch. */
  readonly #used = new Map<string, number>();
  #forget: () => void = () => {};

  constructor(options: RobotControllerOptions) {
    const { clock, log } = options;
    this.#options = options;
    this.#reconciler = new Reconciler({
      name: 'robot accounts',
      clock,
      log,
      reconcile: (name) => this.#reconcile(name),
    });
  }

  /** When all objects are known. */
  start(): void {
    this.#forget = this.#options.objects.robots.onChange(({ type, object }) => {
      const { name = '' } = object.metadata;
      if (type !== 'deleted') this.#reconciler.enqueue(name);
      else {
        this.#used.delete(name);
        this.#options.objects.setSecret(object, undefined);
      }
    });
    this.#reconciler.start();
  }

  /** Resolves when what it was doing is done. May be called twice. */
  async stop(): Promise<void> {
    this.#forget();
    await this.#reconciler.stop();
  }

  /** To be told that a robot, by its object's name, logged in. */
  used(name: string): void {
    const now = this.#options.clock.now();
    const { lastUsed } = this.#options.objects.robots.get('', name)?.status ?? {};
    this.#used.set(name, now);
    const due = lastUsed === undefined ? 0 : Date.parse(lastUsed) + USED_EVERY_MS - now;
    this.#reconciler.enqueueAfter(name, Math.max(due, USED_SOON_MS));
  }

  /** Resolves when nothing is to be done. */
  settled(): Promise<void> {
    return this.#reconciler.settled();
  }

  async #reconcile(name: string): Promise<{ readonly afterMs: number } | undefined> {
    const robot = this.#options.objects.robots.get('', name);
    if (!robot || robot.metadata.deletionTimestamp !== undefined) return undefined;
    await this.#removeFormer(robot);
    const trouble = await this.#ensureSecret(robot);
    const now = this.#options.clock.now();
    await this.#tell(robot, robotStatus(robot, trouble, this.#used.get(name), now));
    this.#used.delete(name);
    const left = Date.parse(robot.spec?.expiresAt ?? '') - now;
    // Secrets cannot be watched without the right to read all of them
    const look = trouble ? TROUBLE_MS : robot.spec?.secretRef ? LOOK_MS : Number.POSITIVE_INFINITY;
    const afterMs = Math.min(left > 0 ? left + 1 : look, look);
    return Number.isFinite(afterMs) ? { afterMs } : undefined;
  }

  /** `spec.secretRef` was another once. */
  async #removeFormer(robot: RobotAccountObject): Promise<void> {
    const { client } = this.#options;
    const { spec, status } = robot;
    const former = status?.secretRef;
    if (!former || deepEqual(former, spec?.secretRef)) return;
    const secret = await this.#find(former);
    if (!secret || !isSecretOf(secret, robot)) return;
    const { uid } = secret.metadata;
    const preconditions = uid === undefined ? {} : { uid };
    await client.delete(REFS.secrets, former.namespace, former.name, { preconditions }).catch(ignore(404));
  }

  /** What is wrong with the robot's Secret, after all that could be done. */
  async #ensureSecret(robot: RobotAccountObject): Promise<typeof TAKEN | undefined> {
    const { client, hosts, objects } = this.#options;
    const place = robot.spec?.secretRef;
    if (!place) {
      objects.setSecret(robot, undefined);
      return undefined;
    }
    const present = await this.#find(place);
    if (present && !isSecretOf(present, robot)) {
      objects.setSecret(robot, undefined);
      return TAKEN;
    }
    const secret = (present && passwordIn(present)) ?? newRobotSecret();
    const wanted = robotSecretOf(robot, place, secret, hosts);
    if (!present) {
      const trouble = await this.#create(wanted);
      if (trouble) return trouble;
    } else if (present.data?.[DOCKER_CONFIG] !== wanted.data?.[DOCKER_CONFIG]) {
      await client.update(REFS.secrets, { ...present, data: wanted.data });
    }
    objects.setSecret(robot, secret);
    return undefined;
  }

  async #create(secret: RobotSecret): Promise<typeof TAKEN | undefined> {
    try {
      await this.#options.client.create(REFS.secrets, secret);
      return undefined;
    } catch (error) {
      if (error instanceof StatusError && error.code === 404) return NO_NAMESPACE;
      throw error;
    }
  }

  async #find({ namespace, name }: SecretPlace): Promise<RobotSecret | undefined> {
    try {
      return await this.#options.client.get<RobotSecret>(REFS.secrets, namespace, name);
    } catch (error) {
      ignore(404)(error);
      return undefined;
    }
  }

  async #tell({ metadata, status: old }: RobotAccountObject, status: RobotAccountStatus): Promise<void> {
    if (deepEqual(status, old)) return;
    const { client } = this.#options;
    const subresource = 'status';
    const patch = { status: { ...status, secretRef: status.secretRef ?? null } };
    await client
      .patch(ROBOT_ACCOUNTS, undefined, metadata.name ?? '', 'merge', patch, { subresource })
      .catch(ignore(404));
  }
}
