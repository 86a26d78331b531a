import type { KubeObject } from '@sampan/api';
import type { ResourceRef } from '@sampan/machinery';
import type { Role } from '../projects/roles.ts';
import { HUB_GROUP, type HubCondition, hubRef } from './group.ts';

export const ROBOT_ACCOUNTS: ResourceRef = hubRef(HUB_GROUP, 'robotaccounts', 'RobotAccount');

/** A login of programs. `PROJECT.NAME` logs in as `PROJECT/NAME`, a name without a dot as `robot/NAME`. */
export interface RobotAccountObject extends KubeObject {
  spec?: RobotAccountSpec;
  status?: RobotAccountStatus;
}

export interface RobotAccountSpec {
  readonly description?: string;
  /** One of the name `PROJECT.NAME` may only have rights in that project. */
  readonly permissions?: readonly RobotPermission[];
  /** RFC 3339; absent: never. */
  readonly expiresAt?: string;
  readonly disabled?: boolean;
  /** As `hashRobotSecret` makes it; for who keeps the secret elsewhere. */
  readonly secretHash?: string;
  /** A Secret of type kubernetes.io/dockerconfigjson that is made with a new secret, and deleted with the robot. */
  readonly secretRef?: SecretPlace;
}

export interface SecretPlace {
  readonly namespace: string;
  readonly name: string;
}

export interface RobotPermission {
  /** `*`: all. */
  readonly project: string;
  readonly role: Role;
}

export type RobotConditionType = 'Ready';

export interface RobotAccountStatus {
  readonly observedGeneration?: number;
  readonly conditions?: readonly HubCondition<RobotConditionType>[];
  /** The name to log in with. */
  readonly login?: string;
  /** RFC 3339; may be some minutes old. */
  readonly lastUsed?: string;
  /** Where its Secret was made. */
  readonly secretRef?: SecretPlace;
  /** Of what its Secret holds, as `spec.secretHash`. */
  readonly secretHash?: string;
}

/** The name by which a RobotAccount of this name logs in. */
export function robotLogin(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? `robot/${name}` : `${name.slice(0, dot)}/${name.slice(dot + 1)}`;
}

/** The name of the RobotAccount that logs in so; undefined: no robot does. */
export function robotOfLogin(login: string): string | undefined {
  const [, project, name] = /^([a-z0-9-]+)\/([a-z0-9-]+)$/.exec(login) ?? [];
  if (project === undefined || name === undefined) return undefined;
  return project === 'robot' ? name : `${project}.${name}`;
}
