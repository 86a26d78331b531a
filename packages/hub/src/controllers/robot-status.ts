import { conditionsOf, seconds, type Told } from '../kinds/conditions.ts';
import { type RobotAccountObject, type RobotAccountStatus, robotLogin } from '../kinds/robot-account.ts';
import { hashRobotSecret, isRobotSecret } from '../kinds/robot-secret.ts';
import type { FoundSecret } from './robot-secrets.ts';

type RobotTold = Omit<Told<'Ready'>, 'type' | 'status'>;

/** Why the robot cannot log in; undefined: it can. `trouble`: with its Secret. Pure. */
function obstacle(
  robot: RobotAccountObject,
  trouble: RobotTold | undefined,
  now: number,
): RobotTold | undefined {
  const { disabled, expiresAt, secretHash, secretRef } = robot.spec ?? {};
  if (disabled) return { reason: 'Disabled', message: 'it is disabled' };
  if (isExpired(robot, now)) return { reason: 'Expired', message: `it ended at ${expiresAt}` };
  if (secretHash === undefined && secretRef === undefined)
    return { reason: 'NoSecret', message: 'it names neither spec.secretHash nor spec.secretRef' };
  return trouble;
}

const isExpired = ({ spec }: RobotAccountObject, now: number): boolean =>
  spec?.expiresAt !== undefined && Date.parse(spec.expiresAt) <= now;

/** The hash of the secret that was made for it: the one that is there while it is right. */
function hashOf({ status }: RobotAccountObject, secret: string): string {
  const { secretHash } = status ?? {};
  return secretHash !== undefined && isRobotSecret(secretHash, secret) ? secretHash : hashRobotSecret(secret);
}

/** The status of a robot. `found`: of the Secret that it names. `usedAt`: when it last logged in, milliseconds since the epoch. */
export function robotStatus(
  robot: RobotAccountObject,
  found: FoundSecret | undefined,
  usedAt: number | undefined,
  now: number,
): RobotAccountStatus {
  const { metadata, spec, status = {} } = robot;
  const { name = '', generation } = metadata;
  const { secretRef: _ref, secretHash: _hash, ...rest } = status;
  const against = obstacle(robot, found?.trouble, now);
  const told = against
    ? ({ type: 'Ready', status: 'False', ...against } as const)
    : ({ type: 'Ready', status: 'True', reason: 'Active', message: 'it may log in' } as const);
  return {
    ...rest,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    conditions: conditionsOf([told], status.conditions, generation, now),
    login: robotLogin(name),
    ...(spec?.secretRef && found?.secret !== undefined
      ? { secretRef: spec.secretRef, secretHash: hashOf(robot, found.secret) }
      : {}),
    ...(usedAt === undefined ? {} : { lastUsed: seconds(usedAt) }),
  };
}
