import { conditionsOf, seconds, type Told } from '../kinds/conditions.ts';
import { type RobotAccountObject, type RobotAccountStatus, robotLogin } from '../kinds/robot-account.ts';

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

export const isExpired = ({ spec }: RobotAccountObject, now: number): boolean =>
  spec?.expiresAt !== undefined && Date.parse(spec.expiresAt) <= now;

/** The status of a robot. `usedAt`: when it last logged in, milliseconds since the epoch. Pure. */
export function robotStatus(
  robot: RobotAccountObject,
  trouble: RobotTold | undefined,
  usedAt: number | undefined,
  now: number,
): RobotAccountStatus {
  const { metadata, spec, status = {} } = robot;
  const { name = '', generation } = metadata;
  const { secretRef: _, ...rest } = status;
  const against = obstacle(robot, trouble, now);
  const told = against
    ? ({ type: 'Ready', status: 'False', ...against } as const)
    : ({ type: 'Ready', status: 'True', reason: 'Active', message: 'it may log in' } as const);
  return {
    ...rest,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    conditions: conditionsOf([told], status.conditions, generation, now),
    login: robotLogin(name),
    ...(spec?.secretRef && !trouble ? { secretRef: spec.secretRef } : {}),
    ...(usedAt === undefined ? {} : { lastUsed: seconds(usedAt) }),
  };
}
