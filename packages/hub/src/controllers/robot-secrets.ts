import { StatusError } from '@sampan/api';
import { deepEqual } from '@sampan/base';
import { type Client, REFS } from '@sampan/machinery';
import type { RobotAccountObject, SecretPlace } from '../kinds/robot-account.ts';
import { newRobotSecret } from '../kinds/robot-secret.ts';
import { ignore } from './ignore.ts';
import { DOCKER_CONFIG, isSecretOf, passwordIn, type RobotSecret, robotSecretOf } from './robot-secret.ts';

interface RobotSecretsOptions {
  readonly client: Client;
  /** By which the registry is called, `HOST:PORT`. */
  readonly hosts: readonly string[];
}

/** What came of a robot's Secret: what it holds, or what is in its way. */
export interface FoundSecret {
  readonly secret?: string;
  readonly trouble?: { readonly reason: string; readonly message: string };
}

const TAKEN: FoundSecret = {
  trouble: {
    reason: 'SecretTaken',
    message: 'spec.secretRef names a Secret that is not this robot’s: delete that one or name another',
  },
};
const NO_NAMESPACE: FoundSecret = {
  trouble: { reason: 'NamespaceMissing', message: 'spec.secretRef names a namespace that is not there' },
};

/** Makes the Secrets that robots ask for. Reads them by their names only. */
export class RobotSecrets {
  readonly #options: RobotSecretsOptions;

  constructor(options: RobotSecretsOptions) {
    this.#options = options;
  }

  /** `spec.secretRef` was another once. */
  async removeFormer(robot: RobotAccountObject): Promise<void> {
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

  /** Makes the Secret that the robot names, or mends it; undefined: it names none. */
  async ensure(robot: RobotAccountObject): Promise<FoundSecret | undefined> {
    const { client, hosts } = this.#options;
    const place = robot.spec?.secretRef;
    if (!place) return undefined;
    const present = await this.#find(place);
    if (present && !isSecretOf(present, robot)) return TAKEN;
    const secret = (present && passwordIn(present)) ?? newRobotSecret();
    const wanted = robotSecretOf(robot, place, secret, hosts);
    if (!present) return (await this.#create(wanted)) ?? { secret };
    if (present.data?.[DOCKER_CONFIG] !== wanted.data?.[DOCKER_CONFIG])
      await client.update(REFS.secrets, { ...present, data: wanted.data });
    return { secret };
  }

  /** Undefined: it is made. */
  async #create(secret: RobotSecret): Promise<FoundSecret | undefined> {
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
}
