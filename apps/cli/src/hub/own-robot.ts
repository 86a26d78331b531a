import { userInfo } from 'node:os';
import { StatusError } from '@sampan/api';
import {
  HUB_GROUP,
  HUB_VERSION,
  hashRobotSecret,
  newRobotSecret,
  type RobotAccountObject,
  robotLogin,
} from '@sampan/hub/kinds';
import { withHost } from '../clusters/change-cluster.ts';
import type { Invocation } from '../command.ts';
import { untilSeen } from './hub-objects.ts';
import { ROBOT } from './robot-kind.ts';

/** A login by name and password. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/**
 * Gives the person who owns the home a login for programs: a robot with all rights in all projects, named after them. If
 * there is one already it gets a new secret, since the old one is kept nowhere here.
 */
export async function ownRobot(invocation: Invocation): Promise<Login> {
  const name = ownRobotName();
  const password = newRobotSecret();
  const object: RobotAccountObject = {
    apiVersion: `${HUB_GROUP}/${HUB_VERSION}`,
    kind: 'RobotAccount',
    metadata: { name },
    spec: {
      description: `For ${userInfo().username} on this machine, by "sampan hub login"`,
      permissions: [{ project: '*', role: 'admin' }],
      secretHash: hashRobotSecret(password),
    },
  };
  return await withHost(invocation, async (client) => {
    const made = await client.create<RobotAccountObject>(ROBOT.ref, object).catch((error: unknown) => {
      if (!(error instanceof StatusError) || error.code !== 409) throw error;
      const { secretHash } = object.spec ?? {};
      const patch = { spec: { secretHash, disabled: false } };
      return client.patch<RobotAccountObject>(ROBOT.ref, undefined, name, 'merge', patch);
    });
    await untilSeen(invocation, client, ROBOT, made);
    return { user: robotLogin(name), password };
  });
}

/** Names of people may hold what names of objects may not. */
export function ownRobotName(person = userInfo().username): string {
  const plain = person
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return `login-${plain || process.getuid?.()}`.slice(0, 63).replace(/-+$/, '');
}
